"""The order: given to one provider after another until one takes it.

Rule: what is about to be sent is in the store before it is sent, and is sent once. Whoever may have
taken it is not asked again, and nobody else is, before that is known (see `finding`).
"""

import hashlib
import logging
import time
from typing import cast

from msgspec.structs import replace

from madang.errors import MadangError, ProviderError, ProviderPaced, StoreUnavailable
from madang.media.calling import call, is_lost, told_refusal
from madang.media.jobs.course import Course, backoff_s
from madang.media.jobs.hearing import token_for
from madang.media.kit import following, now_us
from madang.media.money import Bill, Ended, failed_by, row
from madang.pipeline.lane import Berth
from madang.pipeline.line import Claim
from madang.routing.causes import remedy_for
from madang.routing.pacing import Turn
from madang.routing.route import Route
from madang.wire.media.contract import Outgoing, VideoWire

_log = logging.getLogger("madang.media")


async def order(course: Course) -> None:
    """Ask one provider after another until one takes the order."""
    route = course.route()
    error: MadangError | None = None
    for times in range(1_000_000):
        error = await _round(course, route)
        if error is None or course.job.is_over:
            return
        if not _may_wait(course, error, times):
            break
        await course.pause(max(error.retry_after_s or 0.0, backoff_s(times)))
        if course.wants_end:
            await course.end(
                "cancelled",
                Ended(outcome="client_closed"),
                Bill(),
                ("cancelled", "It was cancelled."),
            )
            return
    assert error is not None  # noqa: S101 - a round that fails says why
    course.refusal = error
    await course.fail(error.code or error.kind, error.message, "failed", error)


async def _round(course: Course, route: Route) -> MadangError | None:
    """Ask everybody once; None: somebody has the order, or may have it."""
    plan = course.kit.plan(route)
    target = next(plan)
    while True:
        berth = course.kit.snapshot.berth(target)
        try:
            await _try(course, berth)
        except MadangError as error:
            others = list(following(plan, error))
            if not others or isinstance(error, StoreUnavailable):
                return error
            target = others[0]
        else:
            return None


def _may_wait(course: Course, error: MadangError, times: int) -> bool:
    """Whether the order is kept for later: nobody has refused it for good."""
    late_us = course.job.caller.at_us + int(course.kit.settings.media.give_up_s * 1e6)
    if now_us() > late_us:
        return False
    if isinstance(error, ProviderPaced):
        return True
    return remedy_for(error).again and times + 1 < course.kit.settings.retries.attempts * 4


async def _try(course: Course, berth: Berth) -> None:
    """Give the order to one provider. Raises a MadangError where it certainly has not taken it."""
    job, wire = course.job, cast("VideoWire", course.kit.wire(berth.target, "videos"))
    name = job.id if job.n == 0 else f"{job.id}-{job.n}"
    outgoing = written(course, berth, name)
    turn = await _line(course, berth)
    if course.last is not None:
        course.kit.pipeline.enter([course.last])
        course.last = None
    job.target, job.key_prefix = berth.target, turn.prefix
    job.order, job.name, job.digest = name, outgoing.name or name, digest_of(outgoing)
    job.counts, job.losses, job.sent_us = dict(outgoing.counts), outgoing.losses, now_us()
    course.turn, course.berth = turn, berth
    try:
        await course.move("sending", durable=True)
        await _send(course, berth, turn, wire, outgoing)
    except MadangError as error:
        if job.state == "sending":
            await refused(course, error)
            raise


def written(course: Course, berth: Berth, name: str) -> Outgoing:
    """The order as it is sent to a provider under this name. Raises MadangError: it cannot make this."""
    wire = cast("VideoWire", course.kit.wire(berth.target, "videos"))
    ask = replace(
        course.kit.told(course.ask, berth.target),
        name=name,
        callback=_callback(course, berth, wire, name),
        start_s=course.kit.settings.media.unsure_s,
    )
    return wire.submit(ask, berth.target.model)


def digest_of(outgoing: Outgoing) -> bytes:
    """What an order is told from others by: a digest of its body."""
    return hashlib.blake2b(outgoing.body, digest_size=16).digest()


async def _line(course: Course, berth: Berth) -> Turn:
    """A turn at a provider; it is held until the job is over: that is what concurrency means to them."""
    turn = berth.line.enter(0, time.monotonic())
    if turn is None:
        give_up_at = time.monotonic() + course.kit.settings.media.give_up_s
        claim = Claim(course.job.caller.key_id, course.job.priority, 0, give_up_at)
        turn = await berth.line.wait(claim)
    return turn


async def _send(
    course: Course, berth: Berth, turn: Turn, wire: VideoWire, outgoing: Outgoing
) -> None:
    began_at = time.monotonic()
    berth.standing.started(began_at)
    transport = course.kit.pipeline.transport
    try:
        answer = await call(transport, berth.provider, outgoing, turn.key, once=True)
        course.job.handle = wire.submitted(answer)
    except MadangError as error:
        now = time.monotonic()
        if isinstance(error, ProviderError):
            told_refusal(berth, turn, error, now, began_at)
        else:
            berth.standing.released(now, began_at)
        if not is_lost(error):
            raise
        _log.warning(
            "job %s: %s may have taken it: %s", course.job.id, berth.provider.name, error.message
        )
        await course.move("unsure")
        return
    except BaseException:
        berth.standing.released(time.monotonic(), began_at)
        raise
    now = time.monotonic()
    berth.standing.answered(now - began_at, now, began_at)
    turn.answered()
    await course.move("running", durable=True)
    course.accepted.set()


async def refused(course: Course, error: MadangError) -> None:
    """An order was certainly not taken: its row, and on to the next."""
    job = course.job
    course.give_turn_back()
    if job.target is None:
        return
    end = Ended(
        outcome="failed",
        final=False,
        latency_us=now_us() - job.sent_us,
        provider_key=job.key_prefix,
        reserved_nusd=job.reserved_nusd,
        plan=job.decision,
    )
    course.last = row(job.caller, job.n, job.target, failed_by(end, error), Bill())
    job.n += 1
    await course.move("queued")


def _callback(course: Course, berth: Berth, wire: VideoWire, name: str) -> str | None:
    """Where the provider may call back about this order, if this gateway can be reached."""
    base_url = course.kit.settings.media.public_url
    if base_url is None or wire.hook is None:
        return None
    token = token_for(course.job.secret, name)
    return f"{base_url.rstrip('/')}/hooks/{berth.provider.name}?job={name}&token={token}"
