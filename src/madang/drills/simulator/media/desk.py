"""A provider's desk: it accepts jobs, knows how they fare at any moment, and writes the book.

A job's whole life is decided when it is accepted: when it starts, when it ends, how, and what it
costs. Nothing runs in between, so ten thousand jobs under way cost nothing.
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import uuid4

from madang.drills.simulator.media.book import Entry, Kind, MediaBook, Outcome
from madang.drills.simulator.media.hooks import USUAL_AGAIN_S, Postman, Write
from madang.drills.simulator.media.prices import charged
from madang.drills.simulator.media.profile import Profile, ProviderSettings
from madang.drills.simulator.media.records import Reply
from madang.drills.simulator.media.traps import Traps
from madang.drills.simulator.media.workshop import Shot, Workshop
from madang.drills.simulator.records import Refused

if TYPE_CHECKING:
    from madang.drills.simulator.media.seals import Sealer

_MAX_JOBS = 100_000
_MAX_SPOKEN = 10_000

State = Literal["queued", "running", "succeeded", "failed", "blocked", "cancelled"]


class Asked(NamedTuple):
    """What a file was made of at once; `traits` choose its price."""

    model: str
    prompt: str
    traits: Mapping[str, Any] = {}


class Order(NamedTuple):
    """What a job is to make. `counted` is what its price is for, besides the job itself; `traits` choose the price.

    name: the caller's own. extra: what the provider's dialect wants to remember.
    """

    model: str
    shot: Shot
    counted: Mapping[str, float]
    traits: Mapping[str, Any] = {}
    name: str | None = None
    extra: Mapping[str, Any] = {}


@dataclass(slots=True)
class Job:
    """An accepted job. Times are Unix seconds."""

    id: str
    order: Order
    at_s: float
    starts_s: float
    ends_s: float
    outcome: Outcome
    entry: Entry
    cancelled_s: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def state(self, now_s: float) -> State:
        """How it fares."""
        if self.cancelled_s is not None:
            return "cancelled"
        if now_s < self.starts_s:
            return "queued"
        if now_s < self.ends_s or self.outcome == "stuck":
            return "running"
        return self.outcome

    def progress(self, now_s: float) -> float:
        """How much of it is made, 0 to 1."""
        if self.outcome == "stuck" or now_s < self.starts_s:
            return 0.5 if now_s >= self.starts_s else 0.0
        return min(1.0, (now_s - self.starts_s) / max(self.ends_s - self.starts_s, 1e-9))


class Means(NamedTuple):
    """What all desks share. `clock` gives Unix seconds."""

    workshop: Workshop
    book: MediaBook
    traps: Traps
    postman: Postman
    clock: Callable[[], float]


class Desk:
    """One provider at work. Bounded: of more than 100,000 jobs the oldest are forgotten."""

    def __init__(self, name: str, profile: Profile, means: Means) -> None:
        self.name = name
        self.profile = profile
        self.workshop, self._book, self._traps, self.postman, self._clock = means
        self.jobs: dict[str, Job] = {}
        self.by_name: dict[str, Job] = {}
        self._spoken: OrderedDict[bytes, str] = OrderedDict()
        self._ends: list[float] = []
        self._answering = 0

    @property
    def settings(self) -> ProviderSettings:
        """The settings in force."""
        return self.profile.providers[self.name]

    def now_s(self) -> float:
        """Unix time."""
        return self._clock()

    def real_s(self, seconds: float) -> float:
        """How long seconds of the profile are waited for."""
        return seconds / self.profile.speed

    def accept(self, order: Order, job_id: str | None = None) -> Job:
        """Take a job. Raises Refused for the traps that refuse, and where the cap is reached and nobody may wait."""
        trap = self.trap(order.model)
        now_s = self.now_s()
        starts_s, ends_s = self._when(order.shot.seconds, trap, now_s)
        outcome = _outcome(trap)
        entry = Entry(
            self.name, job_id or token_hex(16), "video", order.model, order.shot.prompt, now_s
        )
        entry.name, entry.outcome, entry.trap = order.name, outcome, trap
        if outcome == "succeeded" or trap == "fail_charged" or self.settings.charge_failed:
            self._charge(entry, order.counted, order.traits)
        job = Job(entry.id, order, now_s, starts_s, ends_s, outcome, entry)
        self._book.entries.append(entry)
        self.jobs[job.id] = job
        if order.name:
            self.by_name[order.name] = job
        if len(self.jobs) > _MAX_JOBS:
            self.forget(self.jobs[next(iter(self.jobs))])
        return job

    def sold(
        self, kind: Kind, asked: Asked, counted: Mapping[str, float], trap: str | None = None
    ) -> Entry:
        """Book what was made at once."""
        model, prompt, traits = asked
        entry = Entry(self.name, token_hex(16), kind, model, prompt, self.now_s(), trap=trap)
        self._charge(entry, counted, traits)
        self._book.entries.append(entry)
        return entry

    @cached_property
    def sealer(self) -> "Sealer":
        """What the provider signs its webhooks with."""
        from madang.drills.simulator.media.seals import Sealer  # noqa: PLC0415 # heavy, and rarely wanted

        return Sealer()

    def uuid(self) -> str:
        """A new name for a job, where the provider's look like this."""
        return str(uuid4())

    def entries(self) -> list[Entry]:
        """The provider's pages of the book."""
        return self._book.of(self.name)

    async def notify(self, job: Job, url: str, write: Write, again_s: Sequence[float] = ()) -> None:
        """Have a webhook posted when the job has ended; the address has been checked.

        `again_s`: the pauses after which it is posted again while nobody takes it, in seconds of life.
        """
        if job.outcome != "stuck":
            wait_s = max(0.0, job.ends_s - self.now_s())
            pauses = tuple(map(self.real_s, again_s)) or USUAL_AGAIN_S
            await self.postman.send(url, write, wait_s, job.entry.trap, pauses)

    def job(self, job_id: str) -> Job:
        """A job by its id. Raises Refused ("not_found"), also where the provider is gone with all its jobs."""
        found = self.jobs.get(job_id)
        if found is None:
            raise Refused("not_found", f"There is no job {job_id[:80]!r}.")
        return found

    def forget(self, job: Job) -> None:
        """Delete a job; the book keeps it."""
        self.jobs.pop(job.id, None)
        self.by_name.pop(job.order.name or "", None)

    def cancel(self, job: Job) -> None:
        """Cancel what has not ended; a job that had not begun costs nothing. Its place is for those who come later."""
        now_s = self.now_s()
        if job.state(now_s) not in {"queued", "running"}:
            return
        if now_s < job.starts_s:
            job.entry.nusd, job.entry.credits = 0, job.entry.credits and 0
        job.cancelled_s, job.entry.outcome = now_s, "cancelled"
        self._leave(job)

    def drop(self, job: Job, at_s: float) -> bool:
        """Give up at that moment what has not begun by then: it fails, and costs nothing. False: it has."""
        if job.starts_s <= at_s:
            return False
        self._leave(job)
        job.starts_s = job.ends_s = at_s
        job.outcome = job.entry.outcome = "failed"
        job.entry.nusd, job.entry.credits = 0, job.entry.credits and 0
        return True

    def url_ends_s(self, job: Job, from_s: float | None = None) -> float | None:
        """When an address of a job's files expires that is good from `from_s` or the job's end on; None: never."""
        begins_s = job.ends_s if from_s is None else from_s
        if job.entry.trap == "expired_url":
            return begins_s
        life_s = self.settings.url_life_s
        return None if life_s is None else begins_s + self.real_s(life_s)

    def keyed(self, job: Job) -> bool:
        """Whether a job's files are only given to who shows the key."""
        return self.settings.keyed_urls or job.entry.trap == "keyed_url"

    def trap(self, model: str) -> str | None:
        """The trap that a submit falls into. Raises Refused where it is a refusal."""
        trap = self._traps.strike(self.name, model)
        if trap == "busy":
            raise Refused("rate_limit", "The system is busy.", code="system_busy")
        if trap == "concurrent":
            raise Refused("rate_limit", "Too many at once.", code="too_many_concurrent_requests")
        if trap == "refused_200":
            raise Refused("overloaded", "The service is temporarily unavailable.", status=200)
        return trap

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those who are answered with a file. Raises Refused where the cap lets nobody wait."""
        settings = self.settings
        if (
            settings.over_cap == "refuse"
            and settings.cap is not None
            and self._answering >= settings.cap
        ):
            code = "too_many_concurrent_requests"
            raise Refused("rate_limit", "Too many requests at once.", code=code)
        self._answering += 1
        try:
            yield
        finally:
            self._answering -= 1

    def remember(self, recording: bytes, said: str) -> None:
        """Keep what was said in a recording, by its digest; the last 10,000 are kept."""
        self._spoken[recording] = said
        if len(self._spoken) > _MAX_SPOKEN:
            self._spoken.popitem(last=False)

    def recall(self, recording: bytes) -> str | None:
        """What was said in a recording, where it was made here."""
        return self._spoken.get(recording)

    def _when(self, seconds: float, trap: str | None, now_s: float) -> tuple[float, float]:
        """When a job starts and ends: as soon as one of the cap's places is free."""
        settings = self.settings
        makes_s = self.real_s(settings.make_s + settings.make_s_per_s * seconds)
        while self._ends and self._ends[0] <= now_s:
            heapq.heappop(self._ends)
        starts_s = now_s + (2 * makes_s if trap == "throttled" else 0.0)
        if settings.cap is not None and len(self._ends) >= settings.cap:
            if settings.over_cap == "refuse":
                code = "too_many_concurrent_requests"
                raise Refused("rate_limit", "Too many jobs at once.", code=code)
            places = heapq.nsmallest(len(self._ends) - settings.cap + 1, self._ends)
            starts_s = max(starts_s, places[-1])
        if trap == "webhook_early":
            starts_s, makes_s = now_s, 0.0
        heapq.heappush(self._ends, starts_s + makes_s)
        return starts_s, starts_s + makes_s

    def _leave(self, job: Job) -> None:
        """Its place is for others."""
        if job.ends_s in self._ends:
            self._ends.remove(job.ends_s)
            heapq.heapify(self._ends)

    def _charge(
        self, entry: Entry, counted: Mapping[str, float], traits: Mapping[str, Any]
    ) -> None:
        entry.counted = dict(counted)
        entry.nusd = charged(self.name, entry.model, counted, traits, self.profile.prices)


def answered(entry: Entry, reply: Reply) -> Reply:
    """The answer to what was booked."""
    return reply._replace(entry=entry)


def _outcome(trap: str | None) -> Outcome:
    match trap:
        case "fail" | "fail_charged":
            return "failed"
        case "blocked":
            return "blocked"
        case "stuck":
            return "stuck"
        case _:
            return "succeeded"
