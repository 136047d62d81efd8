"""One attempt: the request in the provider's dialect, the network, the answer in the caller's.

Same dialect on both sides: the body goes through as it came, but for the model's name. Otherwise it
crosses the neutral model.
"""

import re
from time import monotonic
from typing import Protocol, get_args

from msgspec.structs import replace

from madang.errors import ProviderBroken
from madang.model import Embed, Request, Usage
from madang.model.attempt import Arm
from madang.pipeline.body import body_for
from madang.pipeline.call import Call, Reply, Streamed, Whole, header_value
from madang.pipeline.chaos.faults import Door
from madang.pipeline.lane import Lane, Snapshot
from madang.pipeline.line import Claim
from madang.pipeline.measure import likely_tokens
from madang.pipeline.settle import Account
from madang.pipeline.streams.beginning import Beginning
from madang.pipeline.streams.stream import Flight
from madang.pipeline.total import Totalled, total
from madang.routing.pacing import Turn
from madang.upstream.transport import Incoming, Outgoing
from madang.wire.contract import Pump, StreamWriter, WriteContext
from madang.wire.estimate import text_bytes
from madang.wire.quota_left import quota_left
from madang.wire.translation import Translation

_JSON = b"content-type: application/json\r\n"
_EVENTS = b"content-type: text/event-stream; charset=utf-8\r\n"
_NO_CACHE = b"cache-control: no-cache\r\n"
_COST = b"x-madang-cost-usd: %d.%09d\r\n"
_HEAD = (
    b"%b%bx-request-id: %b\r\n"
    b"x-madang-attempts: %d\r\n"
    b"x-madang-overhead-ms: %d.%03d\r\n"
    b"x-madang-cache: off\r\n"
)
_ARM = {arm: b"x-madang-arm: %b\r\n" % arm.encode() for arm in get_args(Arm)}
_EVENT = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?:data|event|id|retry)?:")


class Settler(Protocol):
    """Where attempts begin and finished requests go: writes the ledger and tells the watchers."""

    def begin(self, account: Account) -> None:
        """An attempt is about to be sent: on record from now on, should this process die."""

    def heard(self, account: Account, text_bytes: int) -> None:
        """So much text of its answer has come so far."""

    def finish(self, call: Call) -> None:
        """The request is over; all its rows are in `call.rows`. Called before the last byte leaves."""


class Attempt:
    """One try of one call on one lane. `run` answers or raises a MadangError; `account` is what the ledger will see."""

    __slots__ = ("_call", "_incoming", "_lane", "_number", "_settler", "_transport", "account")

    def __init__(
        self, call: Call, lane: Lane, snapshot: Snapshot, transport: Door, settler: Settler
    ) -> None:
        self._call = call
        self._lane = lane
        self._transport = transport
        self._settler = settler
        self._number = 0
        self._incoming: Incoming | None = None
        self.account = Account(call, lane, snapshot, monotonic())

    async def run(self) -> Reply:
        """Ask the provider; return the reply to the caller, with the ledger written (or, streamed, about to be)."""
        call, lane, account = self._call, self._lane, self.account
        lane.standing.started(account.began_at)
        body = body_for(call, lane)
        tokens = likely_tokens(call) if lane.line.turnstile.counts_tokens else 0
        turn = lane.line.enter(tokens, account.began_at)
        if turn is None:
            turn = await self._wait(tokens)
        account.turn = turn
        outgoing = self._outgoing(body, turn)
        call.asked += 1
        self._number = call.asked
        account.sent_at = monotonic()
        self._settler.begin(account)
        incoming = self._incoming = await self._transport.send(outgoing)
        account.first_byte_at = monotonic()
        try:
            if incoming.status >= 400:
                incoming = self._incoming = await self._refused(incoming, turn)
            elif not turn.is_plain:
                _taken(incoming, turn)
            if call.envelope.stream:
                return await self._stream(incoming)
            answer = incoming.at_hand()
            if answer is None:
                answer = await incoming.read()
        except BaseException:
            incoming.close()
            raise
        return self._whole(answer)

    def abandon(self) -> None:
        """Nobody wants its answer, though it may have begun."""
        if self._incoming is not None:
            self._incoming.close()

    async def _wait(self, tokens: int) -> Turn:
        """Stand in line for the provider, whose limits are reached: the attempt begins when its turn comes."""
        call, lane, account = self._call, self._lane, self.account
        began_at = account.began_at
        give_up_at = began_at + lane.provider.timeouts.total_s
        if call.deadline_s is not None:
            give_up_at = min(give_up_at, call.started + call.deadline_s)
        turn = await lane.line.wait(Claim(call.key.id, call.priority, tokens, give_up_at))
        account.began_at = account.sent_at = now = monotonic()
        call.waited_s += now - began_at
        call.upstream_s += now - began_at
        return turn

    def _outgoing(self, body: bytes, turn: Turn) -> Outgoing:
        call, lane = self._call, self._lane
        provider, streaming = lane.provider, call.envelope.stream
        path = lane.stream_path if streaming else lane.plain_path
        head = provider.head(lane.target.api, path, key=turn.key)
        timeouts = provider.timeouts
        if call.deadline_s is not None or (call.rows and call.seam is None):
            most_s = timeouts.total_s if call.deadline_s is None else call.deadline_s
            left = max(0.001, most_s - (monotonic() - call.started))
            timeouts = replace(timeouts, total_s=min(left, timeouts.total_s))
        if lane.wire is call.wire and call.forward:
            head += call.forward
        if call.trace is not None and provider.passes_trace:
            head += call.trace.head
        return Outgoing(provider.origin, head, body, timeouts, streaming)

    async def _refused(self, incoming: Incoming, turn: Turn) -> Incoming:
        """Raise the provider's refusal; return an answer after all, where it had only to be told more."""
        body = await incoming.read()
        error = self._lane.wire.read_error(incoming.status, incoming.headers, body)
        if self._lane.wire is not self._call.wire:
            error.raw = None  # another dialect's error body means nothing to this caller
        elif self._call.conversation is not None and self._call.conversation.was_forgotten(error):
            incoming.close()
            return await self._tell_all(turn)
        raise error

    async def _tell_all(self, turn: Turn) -> Incoming:
        """Ask again a provider that has forgotten what came before."""
        body = body_for(self._call, self._lane)
        incoming = await self._transport.send(self._outgoing(body, turn))
        try:
            if incoming.status >= 400:
                return await self._refused(incoming, turn)
        except BaseException:
            incoming.close()
            raise
        _taken(incoming, turn)
        return incoming

    def _whole(self, body: bytes) -> Whole:
        call, lane, account = self._call, self._lane, self.account
        call.upstream_s += monotonic() - account.sent_at
        if lane.wire is call.wire and call.before is None:
            skimmed = lane.wire.skim_answer(body)
            usage, stop = skimmed.usage, skimmed.stop
            if usage is None and stop is None:
                answer = lane.wire.read_answer(
                    body
                )  # raises when it is an error or not an answer at all
                usage, stop = answer.usage, answer.stop
            if not skimmed.is_sound:
                body = lane.wire.repair_answer(body)
        else:
            answer = lane.wire.read_answer(body)
            usage, stop = answer.usage, answer.stop
            if call.before is not None:
                answer = replace(answer, usage=total(call.before, usage or Usage()))
            body = call.wire.write_answer(answer, self._context())
        now = monotonic()
        began_at = account.began_at
        lane.standing.answered(now - began_at, now, began_at)
        call.overhead_us = max(0, int((now - call.started - call.upstream_s) * 1_000_000))
        if usage is None or not usage.input:  # no prompt is empty: that is no report
            usage = account.estimated(usage, text_bytes(body))
        row = account.answered(now, usage, stop)
        self._settler.finish(call)
        head = self._head(_JSON)
        before_nusd = call.parts.nusd if call.parts is not None else 0
        if row.cost_nusd is not None and before_nusd is not None:
            head += _COST % divmod(row.cost_nusd + before_nusd, 1_000_000_000)
        return Whole(200, head, body)

    async def _stream(self, incoming: Incoming) -> Streamed:
        """Wait for the first bytes worth sending; until then the attempt can still fail over."""
        call, lane = self._call, self._lane
        pump = self._pump()
        account = self.account
        until = account.sent_at + lane.provider.timeouts.first_token_s
        first = await Beginning(call, lane, pump, incoming).read(until)
        if first and not isinstance(pump, Translation) and _EVENT.match(first) is None:
            raise ProviderBroken("the provider's stream does not consist of events")
        account.first_byte_at = now = monotonic()
        call.upstream_s += now - account.sent_at
        has_begun = call.continuation is not None and call.seam is not None
        if not has_begun:
            call.overhead_us = max(0, int((now - call.started - call.upstream_s) * 1_000_000))
        flight = Flight(self.account, self._settler, pump, incoming, self._context(), first)
        content_type = _JSON if call.array else _EVENTS
        return Streamed(200, self._head(content_type + _NO_CACHE), flight.relay)

    def _pump(self) -> Pump:
        call, lane = self._call, self._lane
        is_relay = lane.wire is call.wire and not call.array and call.before is None
        if is_relay and call.continuation is None:
            meter = call.wire.meter(call.envelope.include_usage)
            if call.conversation is not None:
                call.conversation.listen(meter)
            return meter
        if call.continuation is not None:
            return Translation(lane.wire.stream_reader(), call.continuation.join(self._writer))
        return Translation(lane.wire.stream_reader(), self._writer())

    def _writer(self) -> StreamWriter:
        call = self._call
        writer = call.wire.stream_writer(self._context())
        if call.conversation is not None:
            call.conversation.listen(writer)
        return writer if call.before is None else Totalled(writer, call.before)

    def _context(self) -> WriteContext:
        call = self._call
        return WriteContext(
            request_id=call.id,
            model=self._lane.target.model,
            created_s=call.at_us // 1_000_000,
            include_usage=call.envelope.include_usage,
            array=call.array,
            asked=_echoed(call),
        )

    def _head(self, first: bytes) -> bytes:
        """The header lines of an answer: `first`, and those that say what became of the request."""
        call = self._call
        head = _HEAD % (
            first,
            self._lane.head,
            call.id.encode(),
            self._number,
            *divmod(call.overhead_us, 1000),
        )
        if call.lot is not None:
            head += _ARM[call.lot.arm(self._lane.target)]
        if call.waited_s:
            head += b"x-madang-waited-ms: %d\r\n" % int(call.waited_s * 1000)
        if call.losses:
            head += b"x-madang-lossy: %b\r\n" % header_value(",".join(call.losses))
        return head


def _taken(incoming: Incoming, turn: Turn) -> None:
    """The provider has taken the request; now and then it says how much more it would take."""
    turn.answered()
    if turn.listens:
        turn.heard(quota_left(incoming.headers), monotonic())


def _echoed(call: Call) -> Request | Embed | None:
    """The request as an answer may repeat it, where it was translated."""
    if call.conversation is not None and call.request is not None:
        return call.conversation.asked()
    return call.request
