"""A stream in flight: relays what has come, settles before the last bytes go, and always ends it well.

Rules: the ledger's row is written before the caller can see the end. A stream that breaks ends with
the caller's dialect's own error event, unless the caller wants another target to go on with it (see
`continuation`). A caller who leaves closes the upstream connection at once, and what was produced
is billed.
"""

import asyncio
import logging
from time import monotonic
from typing import Protocol

from msgspec.structs import replace

from madang.errors import (
    ContentFiltered,
    ContextOverflow,
    InternalError,
    MadangError,
    ProviderBroken,
    ProviderError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.model import Failed, Outcome, Usage
from madang.pipeline.call import Call, Caller
from madang.pipeline.settle import Account, redact
from madang.upstream.transport import Incoming
from madang.wire.contract import Pump, WriteContext
from madang.wire.estimate import text_bytes
from madang.wire.sse import has_odd_end, sound_events, split_events
from madang.wire.translation import Translation

_log = logging.getLogger("madang.stream")
_LINGER_S = 0.5
"""How long a provider may keep the connection open after its terminal event before it is given up for reuse."""


_EXACT_BYTES = 4096
"""So much of a relayed stream is searched for its text; after that, samples tell the share of it."""

_DELTA = b'"delta"'
"""Stands once in every event that adds to an answer, in the dialects that have such events."""

_FAILURES: dict[str, type[ProviderError]] = {
    error.kind: error
    for error in (
        *(ContextOverflow, ContentFiltered, ProviderRejected, ProviderRefusedKey),
        *(ProviderOutOfQuota, ProviderLacksModel, ProviderRateLimited, ProviderOverloaded),
        *(ProviderBroken, ProviderFailed),
    )
}


def error_of(failure: Failed | None) -> ProviderError:
    """An error event as the exception that the same words with a status of their own would be."""
    if failure is None:
        return ProviderFailed(
            "the provider reported an error inside its stream", upstream_status=200
        )
    kind = _FAILURES.get(failure.kind, ProviderFailed)
    return kind(failure.message, code=failure.code, upstream_status=200)


class _Settler(Protocol):
    def heard(self, account: Account, text_bytes: int) -> None:
        """So much text of the answer has come so far."""

    def finish(self, call: Call) -> None:
        """The request is over; all its rows are known."""


class Flight:
    """One streamed attempt from its first bytes on, which `first` holds as the caller shall get them."""

    __slots__ = (
        "_account",
        "_context",
        "_deltas",
        "_first",
        "_incoming",
        "_last",
        "_next_sample",
        "_pump",
        "_salvaged",
        "_sampled_bytes",
        "_sampled_text",
        "_settled",
        "_settler",
    )

    def __init__(
        self,
        account: Account,
        settler: _Settler,
        pump: Pump,
        incoming: Incoming,
        context: WriteContext,
        first: bytes,
    ) -> None:
        self._account = account
        self._settler = settler
        self._pump = pump
        self._incoming = incoming
        self._context = context
        self._first = first
        self._last = b""
        self._salvaged = b""
        self._settled = False
        self._next_sample = 0
        self._sampled_bytes = 0
        self._sampled_text = 0
        self._deltas = 0

    async def relay(self, to: Caller) -> None:
        """Send the whole stream to `to`. Whatever happens, it ends well and there is a row."""
        try:
            await self._carry(to)
        except Exception:  # noqa: BLE001 - the caller's stream must end well, whatever the defect
            _log.exception("request %s: a defect of ours broke the stream", self._account.call.id)
            defect = InternalError("Madang failed to relay this stream; it has been logged.")
            self._send(to, self._broken(defect))
        finally:
            self._leave()

    async def _carry(self, to: Caller) -> None:
        try:
            await self._flow(to)
        except MadangError as error:  # the provider's doing, or this process is shutting down
            await self._break_off(to, error)

    async def _flow(self, to: Caller) -> None:
        pump, incoming = self._pump, self._incoming

        def take(data: bytes) -> bool:
            return self._pass_on(to, pump.feed(data))

        self._pass_on(to, self._first)
        while not pump.ended and not pump.failed:
            if to.congested:
                await to.writable()
            if not await incoming.each(take):
                self._last += pump.close()
                break
        if not pump.ended:
            self._sample(self._last)
        if pump.failed:
            self._last = self._account.lane.provider.redact(self._up_to_failure(self._last))
        self._end()
        await self._keep()
        self._send(to, self._last)
        while pump.ended and (late := await self._late()) is not None:
            self._send(to, late)

    def _pass_on(self, to: Caller, out: bytes) -> bool:
        """Send what a pump has made of a piece; return whether more may come at once."""
        pump = self._pump
        out = self._sound(out)
        if pump.ended or pump.failed:
            self._last = out  # it goes when the row is written
            return False
        if out:
            if pump.text_bytes >= self._next_sample:
                self._sample(out)
            self._deltas += out.count(_DELTA)
            to.send(out)
        return not to.congested

    @staticmethod
    def _send(to: Caller, data: bytes) -> None:
        if data:
            to.send(data)

    def _sound(self, events: bytes) -> bytes:
        """Events as they go to the caller. Raises ProviderBroken where one of a relay would break a client."""
        if isinstance(self._pump, Translation) or not has_odd_end(events):
            return events
        sound = sound_events(events)
        if len(sound) == len(events):
            return events
        self._salvaged = sound
        self._sample(sound)
        raise ProviderBroken("the provider sent an event that is no JSON")

    def _up_to_failure(self, events: bytes) -> bytes:
        """The events of a relay up to the provider's error: nothing follows the end of a stream."""
        if isinstance(self._pump, Translation):
            return events
        sent = 0
        for event in split_events(events):
            sent += len(event)
            alone = self._account.call.wire.meter(True)  # noqa: FBT003 - the contract's shape
            alone.feed(event)
            if alone.failed:
                break
        return events[:sent]

    def _end(self) -> None:
        """The provider has ended: settle. Raises where that is no end for the caller's stream yet."""
        if self._pump.ended:
            self._settle("ok", None)
            return
        error: ProviderError = ProviderBroken("the provider's stream ended without its final event")
        if self._pump.failed:
            error = error_of(self._pump.failure if isinstance(self._pump, Translation) else None)
            redact(error, self._account.lane)
            if self._account.call.continuation is None:  # its event ends the caller's stream
                self._settle("cut", error)
                return
        self._salvaged = self._last
        raise error

    async def _keep(self) -> None:
        """Hold the answer where it is part of a conversation, before its end can be seen."""
        call = self._account.call
        if not self._pump.ended or call.conversation is None:
            return
        row = call.rows[-1]
        if call.continuation is not None:
            row = replace(row, provider=call.continuation.answerers())
        await call.conversation.keep_stream(row)

    async def _break_off(self, to: Caller, error: MadangError) -> None:
        """The provider has failed: end the caller's stream, unless another target may go on with it."""
        continuation = self._account.call.continuation
        if continuation is None or self._settled:
            self._send(to, self._salvaged + self._broken(error))
            return
        rest = self._salvaged + self._pump.close()
        if self._pump.ended:  # all that was missing is the end of the connection
            self._settle("ok", None)
            await self._keep()
            self._send(to, rest)
        elif (joint := continuation.joint) is not None and continuation.can_go_on(error):
            self._incoming.close()
            self._send(to, rest)
            usage = self._enter("cut", error)
            await continuation.go_on(to, joint, usage, error)
        else:
            self._send(to, rest + self._broken(error))

    def _broken(self, error: MadangError) -> bytes:
        """The stream broke off: settle, and return the error event that ends it."""
        if self._settled:
            return b""
        self._settle("cut", error)
        call = self._account.call
        if call.continuation is not None and call.continuation.joint is not None:
            return call.continuation.joint.fail(error)
        if isinstance(self._pump, Translation):
            return self._pump.fail(error)
        return self._account.call.wire.write_stream_error(error, self._context)

    async def _late(self) -> bytes | None:
        """What still comes after the end; None once the exchange is over, so that the connection can be used again."""
        try:
            async with asyncio.timeout(_LINGER_S):
                data = await self._incoming.next()
        except (TimeoutError, ProviderError):
            return None
        return self._pump.feed(data) if data else None

    def _leave(self) -> None:
        """Whatever happened, the connection is released and there is a row."""
        self._incoming.close()
        if not self._settled:
            self._settle("client_closed", None)

    def _settle(self, outcome: Outcome, error: MadangError | None) -> None:
        self._enter(outcome, error)
        self._settler.finish(self._account.call)

    def _enter(self, outcome: Outcome, error: MadangError | None) -> Usage:
        """Make the attempt's row; return what it used."""
        self._settled = True
        pump, account = self._pump, self._account
        now = monotonic()
        usage = pump.usage
        if outcome != "ok" or usage is None or not usage.input:  # no prompt is empty
            usage = account.estimated(usage, self._text_bytes(), self._deltas - 1)
        standing = account.lane.standing
        if outcome == "ok":
            latency_s = (account.first_byte_at or now) - account.began_at
            standing.answered(latency_s, now, account.began_at)
        elif outcome == "cut":
            standing.failed(now, account.began_at)
        else:
            standing.released(now, account.began_at)
        if account.call.continuation is not None:
            lost = (*account.call.losses, *account.call.continuation.losses())
            account.call.losses = tuple(dict.fromkeys(lost))
        account.answered(now, usage, pump.stop, outcome=outcome, error=error)
        return usage

    def _sample(self, relayed: bytes) -> None:
        """Find out how much of the bytes is text: of all at first, then each time there are a quarter more."""
        relayed_bytes = self._pump.text_bytes
        self._next_sample = relayed_bytes * 5 // 4 if relayed_bytes > _EXACT_BYTES else 0
        self._sampled_bytes += len(relayed)
        self._sampled_text += text_bytes(relayed)
        self._settler.heard(self._account, self._text_bytes())

    def _text_bytes(self) -> int:
        """How much text went to the caller: counted in a translation, estimated in a relay."""
        relayed_bytes = self._pump.text_bytes
        if isinstance(self._pump, Translation) or not self._sampled_bytes:
            return relayed_bytes
        return relayed_bytes * self._sampled_text // self._sampled_bytes
