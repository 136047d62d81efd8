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

from msgspec import Struct

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


class Order(Struct, frozen=True):
    """What is to be made, of which artefacts by place. `changed`: of the drama, when this was wanted."""

    drama: str
    node: Node
    stamp: str
    inputs: Mapping[str, Artefact]
    changed: float


def order_for(seen: Survey, standing: Standing, changed: float) -> Order:
    """The order for a node that is ready. Raises StudioError."""
    inputs = {place: seen.standing[place].artefact for place in standing.node.inputs}
    there = {place: artefact for place, artefact in inputs.items() if artefact is not None}
    if standing.stamp is None or len(there) < len(inputs):
        raise StudioError(f"{standing.node.key} is not ready.")
    return Order(seen.drama, standing.node, standing.stamp, there, changed)


class Maker:
    """Makes what a project wants. `told` is called with a drama whenever a job of it has ended."""

    def __init__(
        self, project: Project, open_bench: OpenBench, told: Callable[[str], None]
    ) -> None:
        self._project, self._open, self._told = project, open_bench, told
        self._lock = threading.Lock()
        self._waiting: dict[str, set[threading.Event]] = defaultdict(set)
        self._orders: dict[tuple[str, str, str], Order] = {}
        self._astray: set[tuple[str, str, str, int]] = set()
        self._stopped = False

    def expect(self, order: Order) -> None:
        """Remember what was ready when its job was handed out: it need not be found out again."""
        self._orders[order.drama, order.node.key, order.stamp] = order

    def make(self, drama: str, place: str, stamp: str, number: int) -> None:
        """Make a job that was handed out in this round, if it is still wanted. Never raises."""
        try:
            job = self._project.jobs.begin(drama, place, stamp, number)
            if job is not None:
                self._attempt(job)
        except StudioError as error:
            log.warning("The end of %s of %s cannot be written down: %s", place, drama, error)
            with self._lock:
                self._astray.add((drama, place, stamp, number))
        finally:
            self._told(drama)

    def take_back(self) -> None:
        """Take back the jobs whose end could not be written down, or they would seem to run for ever. Raises NoRoom."""
        with self._lock:
            astray = [*self._astray]
        for job in astray:
            self._project.jobs.take_back(*job)
            with self._lock:
                self._astray.discard(job)

    def make_quickly(self, order: Order) -> None:
        """Make what a quick step makes, without a turn in a queue."""
        node = order.node
        try:
            artefact = self._craft(order, order.stamp)
            self._project.shelf.put(order.drama, node.key, artefact.stamp)
        except Exception as error:  # noqa: BLE001 - as in `_attempt`
            job = self._project.jobs.hand_out(
                order.drama, node.key, order.stamp, kind=node.kind, reserve_nusd=0
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
        """Make it, unless it is there: it may have ended between looking at a drama and handing it out."""
        project, order = self._project, self._wanted(job)
        if order is None:
            project.jobs.end(job, "held")
            return
        if project.shelf.find(job.stamp) is not None:
            project.shelf.put(job.drama, job.place, job.stamp)
            project.jobs.end(job, "made")
            return
        project.events.tell(job.drama, "begun", job.place)
        try:
            artefact = self._craft(order, f"{job.stamp}-{job.turn}" if job.turn else job.stamp)
        except Interrupted:
            project.jobs.end(job, "held")
        except Exception as error:  # noqa: BLE001 - a mistake in one step must not stop other dramas
            self._failed(job, _ours(job, error))
        else:
            project.shelf.put(job.drama, job.place, artefact.stamp)
            project.jobs.end(job, "made")
            project.events.tell(job.drama, "made", job.place)

    def _wanted(self, job: Job) -> Order | None:
        """What to make; None if it is not wanted now, or not like this."""
        order = self._orders.pop((job.drama, job.place, job.stamp), None)
        drama = self._project.dramas.get(job.drama)
        if drama.state != "going":
            return None
        if order is not None and order.changed == drama.changed:
            return order
        seen = survey(self._project, job.drama)
        standing = seen.standing.get(job.place)
        if standing is None or standing.stamp != job.stamp or not standing.ready:
            return None
        return order_for(seen, standing, drama.changed)

    def _craft(self, order: Order, name: str) -> Artefact:
        """Make an artefact and put it on the shelf."""
        project, node = self._project, order.node
        began = time.monotonic()
        with self._stop_of(order.drama) as stop, project.objects.workshop() as folder:
            bench = self._open(self._tags(order.drama), stop)
            inputs = {place: project.shelf.made(each) for place, each in order.inputs.items()}
            try:
                made = bench.steps[node.step](
                    Task(node=node, inputs=inputs, folder=folder, name=name)
                )
            finally:
                project.money.charge(order.drama, node.key, order.stamp, bench.charges)
            artefact = _artefact(order, made, bench.charges, time.monotonic() - began)
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


def _artefact(order: Order, made: Made, charges: Sequence[Charge], seconds: float) -> Artefact:
    contents = {place: each.content for place, each in order.inputs.items()}
    return Artefact(
        stamp=order.stamp,
        content=content_of(made),
        recipe=recipe_of(order.node, contents),
        files=made.files,
        facts=made.facts,
        cost_nusd=_sum(charges),
        requests=tuple(charge.request for charge in charges),
        seconds=seconds,
    )


def _sum(charges: Sequence[Charge]) -> int | None:
    """What charges come to; None if the price of one is unknown."""
    costs = [charge.cost_nusd for charge in charges]
    return None if None in costs else sum(cost or 0 for cost in costs)
