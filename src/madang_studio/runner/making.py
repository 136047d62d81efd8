"""One job, from its turn to its end: everything that may be interrupted at any moment.

Order: what was paid is entered, then the artefact is renamed into its place, then the job ends. Killed
before the rename, the same requests are sent again under the same names, and are not paid again;
killed after it, the artefact is found.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import random

from madang_studio.errors import Interrupted, InVain, Spoiled, StudioError
from madang_studio.graph.estimates import amount_of
from madang_studio.graph.stamp import recipe_of
from madang_studio.graph.standing import Standing
from madang_studio.graph.steps import STEPS
from madang_studio.graph.survey import Survey, survey
from madang_studio.model.work import Charge, Made, Node, Task
from madang_studio.runner.bench import OpenBench
from madang_studio.runner.patience import again_after_s
from madang_studio.store import Artefact, Project
from madang_studio.store.jobs import Job
from madang_studio.store.objects import content_of

log = logging.getLogger("madang_studio.runner")


class Maker:
    """Makes what a project wants. `told` is called with a drama whenever a job of it has ended."""

    def __init__(
        self, project: Project, open_bench: OpenBench, told: Callable[[str], None]
    ) -> None:
        self._project, self._open, self._told = project, open_bench, told
        self._lock = threading.Lock()
        self._waiting: dict[str, set[threading.Event]] = defaultdict(set)
        self._stopped = False

    def make(self, drama: str, place: str, stamp: str, number: int) -> None:
        """Make a job that was handed out in this round, if it is still wanted. Never raises."""
        try:
            job = self._project.jobs.begin(drama, place, stamp, number)
            if job is not None:
                self._attempt(job)
        except StudioError:
            log.exception("The end of %s of %s cannot be written down", place, drama)
        finally:
            self._told(drama)

    def make_quickly(self, seen: Survey, standing: Standing) -> None:
        """Make a quick step's node that is ready, without a turn in a queue."""
        try:
            artefact = self._craft(seen, standing, standing.stamp or "")
            self._project.shelf.put(seen.drama, standing.node.key, artefact.stamp)
        except Exception as error:  # noqa: BLE001 - as in `_attempt`
            job = self._project.jobs.hand_out(
                seen.drama,
                standing.node.key,
                standing.stamp or "",
                kind=standing.node.kind,
                reserve_nusd=0,
            )
            if job is not None:
                self._failed(job, _ours(job, error))

    def interrupt(self, drama: str | None = None) -> None:
        """End all waiting for a drama, or (None) of all, for good."""
        with self._lock:
            self._stopped = self._stopped or drama is None
            for each in [*self._waiting] if drama is None else [drama]:
                for stop in self._waiting.get(each, ()):
                    stop.set()

    def _attempt(self, job: Job) -> None:
        project = self._project
        seen = survey(project, job.drama)
        standing = seen.standing.get(job.place)
        going = project.dramas.get(job.drama).state == "going"
        if not going or standing is None or standing.stamp != job.stamp or not standing.ready:
            project.jobs.end(job, "held")
            return
        project.events.tell(job.drama, "begun", job.place)
        try:
            name = f"{job.stamp}-{job.turn}" if job.turn else job.stamp
            artefact = self._craft(seen, standing, name)
        except Interrupted:
            project.jobs.end(job, "held")
        except Exception as error:  # noqa: BLE001 - a mistake in one step must not stop other dramas
            self._failed(job, _ours(job, error))
        else:
            project.shelf.put(job.drama, job.place, artefact.stamp)
            project.jobs.end(job, "made")
            project.events.tell(job.drama, "made", job.place)

    def _craft(self, seen: Survey, standing: Standing, name: str) -> Artefact:
        """Make an artefact and put it on the shelf."""
        project, node, stamp = self._project, standing.node, standing.stamp or ""
        began = time.monotonic()
        with self._stop_of(seen.drama) as stop, project.objects.workshop() as folder:
            bench = self._open(self._tags(seen.drama), stop)
            task = Task(node=node, inputs=_inputs(project, seen, node), folder=folder, name=name)
            try:
                made = bench.steps[node.step](task)
            finally:
                project.money.charge(seen.drama, node.key, stamp, bench.charges)
            artefact = Artefact(
                stamp=stamp,
                content=content_of(made),
                recipe=recipe_of(node, _contents(seen, node)),
                files=made.files,
                facts=made.facts,
                cost_nusd=_sum(bench.charges),
                requests=tuple(charge.request for charge in bench.charges),
                seconds=time.monotonic() - began,
            )
            artefact = project.objects.commit(artefact, folder)
        if not STEPS[node.step].quick:
            project.shelf.note(artefact, amount_of(node, int(made.facts.get("asked_ms", 1))))
        return artefact

    def _failed(self, job: Job, error: StudioError) -> None:
        wait_s = again_after_s(error, job.tries + 1, random())
        self._project.jobs.fail(
            job,
            again_at=None if wait_s is None else time.time() + wait_s,
            spoiled=isinstance(error, Spoiled | InVain),
            why=(error.code, str(error)),
        )
        what = "failed" if wait_s is None else "held"
        self._project.events.tell(job.drama, what, job.place, str(error))

    def _tags(self, drama: str) -> Mapping[str, str]:
        batch = self._project.dramas.get(drama).batch
        return {"drama": drama, **({"batch": batch} if batch else {})}

    @contextmanager
    def _stop_of(self, drama: str) -> Iterator[threading.Event]:
        """An event that is set when waiting for a drama shall end."""
        stop = threading.Event()
        with self._lock:
            self._waiting[drama].add(stop)
            if self._stopped:
                stop.set()
        try:
            yield stop
        finally:
            with self._lock:
                self._waiting[drama].discard(stop)
                if not self._waiting[drama]:
                    del self._waiting[drama]


def _ours(job: Job, error: Exception) -> StudioError:
    if isinstance(error, StudioError):
        return error
    log.error("%s of %s broke", job.place, job.drama, exc_info=error)
    return StudioError(
        f"{job.place} broke ({type(error).__name__}: {error}): this is a mistake in a step."
    )


def _inputs(project: Project, seen: Survey, node: Node) -> dict[str, Made]:
    return {place: project.shelf.made(_artefact(seen, place)) for place in node.inputs}


def _contents(seen: Survey, node: Node) -> dict[str, str]:
    return {place: _artefact(seen, place).content for place in node.inputs}


def _artefact(seen: Survey, place: str) -> Artefact:
    artefact = seen.standing[place].artefact
    if artefact is None:
        raise StudioError(f"{place} is not there any more.")
    return artefact


def _sum(charges: Sequence[Charge]) -> int | None:
    """What charges come to; None if the price of one is unknown."""
    costs = [charge.cost_nusd for charge in charges]
    return None if None in costs else sum(cost or 0 for cost in costs)
