"""Who decides what is made next: looks at a drama, hands out what is ready, and says when it stands.

One thread does this for all dramas of a project, so that money is promised once. It looks at a drama
when a job of it has ended, when a pause is over, and when somebody has changed what is wanted.
"""

import heapq
import logging
import threading
import time
from collections.abc import Mapping, Sequence

from madang_studio.errors import OverBudget, StudioError
from madang_studio.graph.estimates import Estimator, PriceList, amount_of, clip_ms
from madang_studio.graph.plan import plan
from madang_studio.graph.standing import Standing
from madang_studio.graph.steps import CAPS, STEPS
from madang_studio.graph.survey import Survey, survey
from madang_studio.model.work import Kind, Node
from madang_studio.runner.bench import OpenBench
from madang_studio.runner.budget import check, needed
from madang_studio.runner.engine import engine
from madang_studio.runner.lock import Lock
from madang_studio.runner.making import Maker, order_for
from madang_studio.runner.needs import needs_of
from madang_studio.runner.port import Queues
from madang_studio.runner.preflight import Preflight
from madang_studio.runner.verdict import verdict
from madang_studio.store import Project
from madang_studio.store.dramas import Drama, State

log = logging.getLogger("madang_studio.runner")

_LOOK_S = 0.3
_TROUBLE_S = 3.0
_OVERLAP_S = 5.0
"""Changes are looked for so far back: clocks of processes differ, and writing takes time."""

_MOST_PRIORITY = 1_000


class Conductor:
    """The runner of a project (see `port.Runner`).

    `open_bench` makes what jobs work with. `prices`: of the gateway, for estimates. `queues`: None for
    DBOS's. `preflight` says what a drama lacks (None: nobody looks). `locked`: whoever makes it holds the lock of
    the project, before and after.
    """

    def __init__(
        self,
        project: Project,
        open_bench: OpenBench,
        *,
        caps: Mapping[Kind, int] = CAPS,
        prices: PriceList | None = None,
        queues: Queues | None = None,
        preflight: Preflight | None = None,
        locked: bool = False,
    ) -> None:
        self._project, self._caps = project, {**CAPS, **caps}
        self._queues = queues or engine(project.root)
        self._maker = Maker(project, open_bench, self._wake)
        self._preflight = preflight
        self._noted: set[tuple[str, str]] = set()
        self._estimator = Estimator(project.money.rate, prices or {})
        self._lock = None if locked else Lock(project.root)
        self._turn = threading.Condition()
        self._dirty: set[str] = set()
        self._later: list[tuple[float, str]] = []
        self._asked = 0.0
        self._seen: dict[str, float] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._conduct, name="conductor", daemon=True)

    def start(self) -> None:
        """Begin, and go on with what an earlier process left. Raises StudioError."""
        if self._lock:
            self._lock.take()
        try:
            self._project.objects.sweep()
            self._project.jobs.reopen()
            self._queues.start(self._maker.make, self._caps)
            self._dirty |= self._changed()
        except BaseException:
            self._let_go()
            raise
        self._thread.start()

    def wait(self, dramas: Sequence[str] | None = None, timeout_s: float | None = None) -> bool:
        """Wait until none of these dramas (None: of all) is going any more; whether that came to be."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        with self._turn:  # so that the last drama cannot end between looking and waiting
            while self._going(dramas):
                left = _LOOK_S if until is None else until - time.monotonic()
                if left <= 0 or (until is None and not self._thread.is_alive()):
                    return False
                self._turn.wait(min(left, _LOOK_S))
        return True

    def stop(self) -> None:
        """Stop soon: what is under way at the gateway is found again at the next start."""
        with self._turn:
            self._stopping = True
            self._turn.notify_all()
        self._maker.interrupt()
        self._thread.join()
        self._queues.stop()
        self._project.jobs.reopen()
        self._let_go()

    def _let_go(self) -> None:
        if self._lock:
            self._lock.release()

    def _going(self, dramas: Sequence[str] | None) -> bool:
        if dramas is None:
            return bool(self._project.dramas.all(states=("going",)))
        return any(self._project.dramas.get(drama).state == "going" for drama in dramas)

    def _wake(self, drama: str) -> None:
        with self._turn:
            self._dirty.add(drama)
            self._turn.notify_all()

    def _conduct(self) -> None:
        while not self._stopping:
            for drama in self._next():
                try:
                    self._advance(drama)
                except StudioError as error:
                    log.warning("Looking at drama %s: %s", drama, error)
                    self._look_again(drama, time.time() + _TROUBLE_S)
                except Exception as error:
                    log.exception("Looking at drama %s broke", drama)
                    self._give_up(drama, error)

    def _next(self) -> list[str]:
        """The dramas to look at now; waits until there are some, or until it is time to ask."""
        with self._turn:
            if not self._dirty:
                self._turn.wait(_LOOK_S)
            dirty, self._dirty = self._dirty, set()
        while self._later and self._later[0][0] <= time.time():
            dirty.add(heapq.heappop(self._later)[1])
        try:
            dirty |= self._changed()
        except StudioError as error:
            log.warning("Looking for changes: %s", error)
        return sorted(dirty)

    def _changed(self) -> set[str]:
        """Dramas that somebody has changed since we last asked."""
        found = self._project.dramas.changed_since(self._asked - _OVERLAP_S)
        changed = [it for it in found if self._seen.get(it.id) != it.changed]
        for drama in changed:
            self._asked = max(self._asked, drama.changed)
            self._seen[drama.id] = drama.changed
            if drama.state == "cancelled":
                self._maker.interrupt(drama.id)
        return {drama.id for drama in changed if drama.state == "going"}

    def _look_again(self, drama: str, at: float) -> None:
        heapq.heappush(self._later, (at, drama))

    def _advance(self, name: str) -> None:
        """Bring a drama on as far as possible without waiting."""
        self._maker.take_back()
        drama = self._project.dramas.get(name)
        if drama.state != "going":
            return
        try:
            seen = self._made_quickly(drama)
        except StudioError as error:
            if error.passing:
                raise
            self._stand(drama, "failed", error.code, str(error))
            return
        lack = self._lack(seen)
        if lack is not None:
            if not (self._stopping or self._under_way(drama, seen)):
                self._stand(drama, "blocked", lack.code, str(lack))
            return
        trouble = self._hand_out(drama, seen)
        if self._stopping or self._under_way(drama, seen):
            return
        found = verdict(seen, trouble)
        if found is None:
            self._look_again(name, time.time() + _TROUBLE_S)
        elif found[0] == "blocked":
            rest = plan(self._project, name, self._estimator, self._caps)
            self._stand(drama, "blocked", found[1], f"{found[2]} {needed(rest)}")
        else:
            self._stand(drama, *found)

    def _lack(self, seen: Survey) -> StudioError | None:
        """What the drama lacks, before anything more is handed out for it; what it can do without is told once."""
        if self._preflight is None or seen.done:
            return None
        try:
            notes = self._preflight.check(needs_of(seen))
        except StudioError as error:
            return error
        for words in notes:
            if (seen.drama, words) not in self._noted:
                self._noted.add((seen.drama, words))
                self._project.events.tell(seen.drama, "noted", None, words)
        return None

    def _give_up(self, drama: str, error: Exception) -> None:
        """A mistake of ours about one drama must not stop the others."""
        words = f"The drama cannot be looked at ({type(error).__name__}: {error})."
        try:
            self._project.dramas.put(drama, "failed", of=("going",), code="failed", words=words)
        except StudioError as trouble:
            log.warning("Giving up drama %s: %s", drama, trouble)

    def _under_way(self, drama: Drama, seen: Survey) -> bool:
        """Whether something will change by itself: a job will end, or a pause."""
        jobs = self._project.jobs.of(drama.id)
        if any(job.state in ("queued", "running") for job in jobs.values()):
            return True
        ready = [
            jobs.get((it.node.key, it.stamp or "")) for it in seen.standing.values() if it.ready
        ]
        return any(job is not None and job.not_before > time.time() for job in ready)

    def _stand(self, drama: Drama, state: State, code: str | None, words: str | None) -> None:
        """Say how a drama stands, unless somebody has changed it since we looked."""
        if self._project.dramas.put(
            drama.id, state, of=("going",), code=code, words=words, unless_since=drama.changed
        ):
            self._project.events.tell(drama.id, state, None, words)
            with self._turn:
                self._turn.notify_all()
        else:
            self._wake(drama.id)

    def _made_quickly(self, drama: Drama) -> Survey:
        """Make everything that takes no time, and look again; old versions that fit take their places.

        What fails here gets a job, and is tried again as one.
        """
        tried: set[str | None] = set()
        while True:
            seen = survey(self._project, drama.id)
            self._put_back(seen)
            ready = [it for it in seen.standing.values() if it.ready and it.stamp not in tried]
            quick = [it for it in ready if STEPS[it.node.step].quick]
            if not quick or self._stopping:
                return seen
            for standing in quick:
                tried.add(standing.stamp)
                self._maker.make_quickly(order_for(seen, standing, drama.changed))

    def _put_back(self, seen: Survey) -> None:
        """Note what stands at places now without having been made for them: old takes, others' work."""
        now, jobs = self._project.shelf.now(seen.drama), self._project.jobs.of(seen.drama)
        for place, standing in seen.standing.items():
            stamp = standing.stamp or ""
            job = jobs.get((place, stamp))
            at_work = job is not None and job.state == "running"
            if standing.state == "fresh" and now.get(place) != stamp and not at_work:
                self._project.shelf.put(seen.drama, place, stamp)
                self._project.events.tell(seen.drama, "kept", place)

    def _hand_out(self, drama: Drama, seen: Survey) -> OverBudget | None:
        """Queue what is ready; the reason if there is no money for something."""
        jobs = self._project.jobs.of(drama.id)
        trouble: OverBudget | None = None
        for standing in seen.standing.values():
            if not standing.ready or standing.stamp is None:
                continue
            job = jobs.get((standing.node.key, standing.stamp))
            if job is not None and job.state in ("queued", "running"):
                continue
            if job is not None and job.not_before > time.time():
                self._look_again(drama.id, job.not_before)
                continue
            try:
                self._queue(drama, seen, standing)
            except OverBudget as error:
                trouble = error
        return trouble

    def _queue(self, drama: Drama, seen: Survey, standing: Standing) -> None:
        """Promise the money for a job, and queue it. Raises OverBudget, NoRoom."""
        node = standing.node
        amount = amount_of(node, clip_ms(node, seen.standing) if node.step == "clip" else 0)
        estimate = self._estimator.estimate(node, amount)
        nusd = estimate.nusd if estimate else 0
        if node.paid:
            check(self._project, drama, nusd)
        if node.paid and estimate is None and self._feels_its_way(drama, node):
            self._look_again(drama.id, time.time() + _TROUBLE_S / 10)
            return
        job = self._project.jobs.hand_out(
            drama.id, node.key, standing.stamp or "", kind=node.kind, reserve_nusd=nusd
        )
        if job is not None:
            self._maker.expect(order_for(seen, standing, drama.changed))
            try:
                self._queues.put(job, self._priority(drama), _lane(node))
            except StudioError:
                self._project.jobs.end(job, "held")
                raise

    def _feels_its_way(self, drama: Drama, node: Node) -> bool:
        """Whether something without a known price has to wait until another of its sort tells one.

        So a budget is overdrawn by one clip at most where nobody knows what clips cost.
        """
        if drama.brief.budget_usd is None and drama.batch is None:
            return False
        sort = node.key.partition("/")[0]
        return any(job.place.partition("/")[0] == sort for job in self._project.jobs.open())

    def _priority(self, drama: Drama) -> int:
        """Dramas in the order of their priority, and among equals the older one first."""
        rank = max(-_MOST_PRIORITY, min(_MOST_PRIORITY, drama.priority)) + _MOST_PRIORITY
        return rank * 1_000_000 + self._project.dramas.number(drama.id) + 1


def _lane(node: Node) -> str:
    """Clips have caps by model, as each maker has its own."""
    return str(node.params.get("model", "")) if node.kind == "render" else ""
