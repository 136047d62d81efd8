"""An order whose answer was lost: looked for until it is known whether its provider has taken it.

It is heard of by the provider's call, found by its name or in the provider's list, named by a person
(`lost`), or ruled out by what the provider has charged in all. Where it is certain that it never
arrived, it is given again, and cost nothing. Where nothing can be known it is never given again:
after a bounded time the job fails, and what it may have cost stays booked as an estimate.
"""

import asyncio
import logging
from itertools import count
from typing import Final, Literal

from madang.errors import MadangError, ProviderBroken
from madang.media.jobs.course import Course, backoff_s
from madang.media.jobs.ordering import digest_of, refused, written
from madang.media.jobs.platform import platform_of
from madang.media.jobs.told import told_news
from madang.media.jobs.witness import Spent, before_us, day_of
from madang.media.kit import now_us
from madang.model.media import Handle
from madang.wire.media.contract import Incoming, Lost, Outgoing

_log = logging.getLogger("madang.media")
_ARRIVES_S: Final = 10.0
"""So long a request may be on its way, through whatever stands between."""

_LOOKS: Final = 2
"""So often it is looked, at least, before anything follows from what is not there."""

_MOST_PAGES: Final = 50
_LEAST_PAUSE_S: Final = 0.25

Clue = Literal["nowhere", "charged", "unknown"]
"""It never arrived; it was charged, and cannot be had; nobody knows."""


async def doubt(course: Course) -> None:
    """The process that was sending has died: nobody knows."""
    _log.warning("job %s: its order's answer was lost with a process", course.job.id)
    await course.move("unsure")


async def reconcile(course: Course) -> None:
    """Find out whether the order was taken. Raises nothing."""
    search, job = _Search(course), course.job
    name, nowhere = course.place().provider.name, 0
    for looks in count(1):
        course.accepted.set()
        clue = await search.look()
        if isinstance(clue, Handle):
            _log.warning("job %s: %s has the order, as %s", job.id, name, clue.id)
            job.handle = clue
            await course.move("running", durable=True)
            course.nudge()  # it may have been made long ago
            return
        nowhere = nowhere + 1 if clue == "nowhere" else 0
        if nowhere >= _LOOKS and now_us() > search.sure_us:
            _log.warning("job %s: %s never got the order; it is given again", job.id, name)
            await refused(course, ProviderBroken(f"{name} did not answer, and has no such job"))
            return
        if looks >= _LOOKS and now_us() > search.until_us:
            break
        await course.pause(search.pause_s(looks))
    heard = "and nothing was heard of it since"
    said = "and has charged for it; nobody has named its job" if clue == "charged" else heard
    await course.fail("submit_unanswered", f"{name} did not answer the order, {said}.", "lost")


class _Search:
    """Where an order is looked for. Moments are Unix µs.

    `sure_us`: from then on something follows from its absence. `until_us`: so long it is looked for.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._berth, self._wire = course.place(), course.wire()
        self._lost = _as_sent(course)
        job, media, wire = course.job, course.kit.settings.media, self._wire
        self._factor = media.poll_factor
        begun_s = media.unsure_s if wire.starts else 0.0
        arrives_s = min(_ARRIVES_S, media.unsure_s)
        self._settled_s = max(arrives_s, wire.shows_s * self._factor)
        sure_s = begun_s + self._settled_s
        called_s = wire.calls_s * self._factor if media.public_url is not None else 0.0
        until_s = max(media.unsure_s, sure_s + called_s)
        if wire.used is not None:
            until_s = max(until_s, media.give_up_s)
        self.sure_us = job.sent_us + int(sure_s * 1e6)
        self.until_us = job.sent_us + int(until_s * 1e6)

    def pause_s(self, looks: int) -> float:
        """How long until it is looked again: later and later."""
        return max(_LEAST_PAUSE_S, backoff_s(looks - 1) * min(1.0, self._factor))

    async def look(self) -> Handle | Clue:
        """Look once, wherever that can be done."""
        try:
            if (handle := await self._called()) is not None:
                return handle
            if self._wire.find is not None:
                return await self._listed()
            if self._wire.used is not None and now_us() > self.sure_us:
                return await self._charged()
        except MadangError as error:
            _log.info("job %s cannot be looked for now: %s", self._course.job.id, error.message)
        return "unknown"

    async def _called(self) -> Handle | None:
        """The job that the provider has called about by the name of the order, or that a person has named."""
        job, jobs, regain = self._course.job, self._course.kit.jobs, self._wire.regain
        if regain is None:
            return None
        told = await asyncio.to_thread(jobs.told, self._berth.provider.name, job.order)
        return regain(told_news(told[-1]).job, self._lost) if told else None

    async def _listed(self) -> Handle | Clue:
        """The job among those that the provider lists, unless it is another order's."""
        find, found, job = self._wire.find, self._wire.found, self._course.job
        if find is None or found is None:
            return "unknown"
        cursor, is_whole = None, True
        for _ in range(_MOST_PAGES):
            sought = found(await self._call(find(self._lost, cursor)), self._lost)
            for handle in sought.found:
                if handle.id not in job.past and await self._claim(handle):
                    return handle
            is_whole = is_whole and not sought.is_blind
            cursor = sought.cursor
            if cursor is None:
                return "nowhere" if is_whole else "unknown"
        return "unknown"

    async def _charged(self) -> Clue:
        """Whether all that the provider has charged is explained by jobs that are known."""
        used, uses, job = self._wire.used, self._wire.uses, self._course.job
        if used is None or uses is None:
            return "unknown"
        since_us, model = before_us(job.sent_us), self._lost.model
        jobs, name = self._course.kit.jobs, self._berth.provider.name

        async def known() -> Spent:
            there = await asyncio.to_thread(jobs.at, name, since_us)
            return Spent.of(there, job, now_us() - int(self._settled_s * 1e6), since_us)

        before = await known()
        if not before.is_settled:
            return "unknown"
        charged = uses(await self._call(used(model, day_of(since_us))), model)
        if charged == before.credits:
            return "nowhere"
        is_ours = charged > before.credits and await known() == before
        return "charged" if is_ours else "unknown"

    async def _claim(self, handle: Handle) -> bool:
        course, name = self._course, self._berth.provider.name
        return await asyncio.to_thread(course.kit.jobs.claim, course.job.id, name, handle.id)

    async def _call(self, outgoing: Outgoing) -> Incoming:
        """Ask the provider, or its administration."""
        course, provider = self._course, self._berth.provider
        if not outgoing.aside:
            return await course.call(self._berth, outgoing)
        given = course.kit.settings.providers.get(provider.name)
        url = given.platform_url if given is not None else None
        return await course.call(self._berth, outgoing, platform_of(provider, url))


def _as_sent(course: Course) -> Lost:
    """The order as it was sent, if it would be written so today as well."""
    job, berth = course.job, course.place()
    try:
        outgoing = written(course, berth, job.order)
        body = outgoing.body if digest_of(outgoing) == job.digest else b""
    except MadangError:
        body = b""
    return Lost(name=job.name, model=berth.target.model, body=body, sent_s=job.sent_us / 1e6)
