"""The end of an attempt: usage, price, the row of the ledger."""

from msgspec.structs import replace

from madang.errors import MadangError, ProviderError
from madang.ledger.open import Begun, UnderWay
from madang.ledger.prices import charge
from madang.model import Attempt, Decision, Outcome, Stop, Usage
from madang.pipeline.call import Call
from madang.pipeline.lane import Lane, Snapshot
from madang.pipeline.measure import prompt_tokens, rough_prompt_tokens
from madang.pipeline.mould import mould_of
from madang.routing.pacing import Turn

_NOTHING = Usage()
_MAX_DETAIL = 500
_MOST_TOKENS = 1_000_000_000
"""No answer has more; a provider that reports more is wrong, and the ledger's integers are bounded."""

_MOST_NUSD = 10**15
"""A million dollars: the ledger takes no row that cost more."""


_End = tuple[Outcome, int, Stop | None, MadangError | None, Usage, int | None, str | None]
"""How an attempt ended: outcome, status, stop, error, usage, its cost in nano-dollars and the price row it follows."""


class Account:
    """One attempt as the ledger will see it: whose it is, where it went, and when.

    `slot` is where it is on record as under way (-1: nowhere).
    Clock readings are monotonic seconds. `sent_at` is when the provider was asked; `first_byte_at`
    None: no answer came. `turn` is what it is asked with (None: it was not its turn yet); the row
    gives it back. `n` numbers the row (None: it is the next one when it is made). `price` is the row
    in force (None: unknown), `injected` the drill that strikes it (None: none does).
    """

    __slots__ = (
        *("began_at", "call", "first_byte_at", "injected", "lane", "n"),
        *("mould", "price", "sent_at", "slot", "turn"),
    )

    def __init__(self, call: Call, lane: Lane, snapshot: Snapshot, began_at: float) -> None:
        self.call = call
        self.lane = lane
        self.price = price = snapshot.price(lane, call.at_us)
        self.mould = mould_of(call, lane, price, snapshot)
        self.began_at = began_at
        self.sent_at = began_at
        self.first_byte_at: float | None = None
        self.slot = -1
        self.n: int | None = None
        self.turn: Turn | None = None
        self.injected: str | None = None

    def begin(self, under_way: UnderWay) -> None:
        """Put on record what is to be known of it if this process dies before it has a row."""
        call, n = self.call, self.n
        if n is None:
            n = self.n = call.first_n + len(call.rows)
        tokens = rough_prompt_tokens(call, self.lane.target.model)
        self.slot = under_way.begin_alike(self.mould.alike, call.id, n, call.at_us, tokens)
        call.slots.append(self.slot)

    def answered(
        self,
        now: float,
        usage: Usage,
        stop: Stop | None,
        *,
        outcome: Outcome = "ok",
        status: int = 200,
        error: MadangError | None = None,
    ) -> Attempt:
        """Append and return the row of an attempt that got (at least part of) an answer."""
        if _is_absurd(usage):
            usage = self.estimated(None, 0)
        if self.turn is not None:
            self.turn.end(usage.input + usage.output)
        price = self.price
        cost, priced_by = None, None
        if price is not None:
            ended_us = self.call.at_us + int((now - self.began_at) * 1_000_000)
            cost, priced_by = charge(price, usage, ended_us)
            if cost is not None and cost > _MOST_NUSD:
                usage = self.estimated(None, 0)
                cost, priced_by = charge(price, usage, ended_us)
        return self._enter(now, (outcome, status, stop, error, usage, cost, priced_by))

    def failed(self, now: float, error: MadangError) -> None:
        """Append the row of an attempt that got no answer; it stands as final until another follows."""
        if self.turn is not None:
            self.turn.end(0)
        status = getattr(error, "upstream_status", None) or 0
        self._enter(now, ("failed", status, None, error, _NOTHING, 0, None))

    def estimated(self, reported: Usage | None, text_bytes: int, least: int = 0) -> Usage:
        """Usage where the provider's report is missing or unfinished: estimates fill it, marked as such.

        `least`: tokens that the answer has at least, one for each piece that it came in.
        """
        reported = reported or _NOTHING
        return replace(
            reported,
            input=reported.input or prompt_tokens(self.call, self.lane.target.model),
            output=max(reported.output, (text_bytes + 3) // 4, least),
            estimated=True,
        )

    def _add_side(self, row: Attempt) -> None:
        """On which side of a trial it was, and which drill struck it."""
        lot = self.call.lot
        if lot is not None:
            row.canary, row.arm, row.drawn = lot.trial, lot.arm(self.lane.target), lot.drawn
            plan = row.plan
            if lot.why and not self.call.rows and (plan is None or plan.side is None):
                row.plan = replace(plan or Decision("order"), side=lot.why)
        row.injected = self.injected

    def _detail(self, error: MadangError | None) -> str | None:
        """Where the attempt goes on with another's answer, and how it failed."""
        seam, words = self.call.seam, error.message if error else None
        if seam is not None:
            words = seam if words is None else f"{seam}; {words}"
        return words and words[:_MAX_DETAIL]

    def _enter(self, now: float, end: _End) -> Attempt:
        """Append and return the row: a copy of its mould, with what is its own."""
        call, began_at = self.call, self.began_at
        outcome, status, stop, error, usage, cost, price = end
        row = self.mould.cast(call, call.first_n + len(call.rows) if self.n is None else self.n)
        row.latency_us = int((now - began_at) * 1_000_000)
        if outcome != "ok":
            row.outcome, row.status = outcome, status
        if outcome != "failed":
            row.overhead_us = call.overhead_us
            if self.first_byte_at is not None:
                row.first_token_us = int((self.first_byte_at - began_at) * 1_000_000)
        if self.turn is not None:
            row.provider_key = self.turn.prefix
        if usage is not _NOTHING:
            row.stop = stop
            _add_tokens(row, usage)
        row.cost_nusd = cost
        if cost is not None:
            row.price = price
        if call.losses or call.cached is not None:
            row.losses, row.cache = call.losses, call.cached
        if call.reserved_nusd is not None and not call.rows:
            row.reserved_nusd = call.reserved_nusd
        if not call.rows:
            row.plan = call.decision if call.case is None else call.case.notes.decision(now)
        if error is not None or call.seam is not None:
            row.cause, row.detail = getattr(error, "kind", None), self._detail(error)
        if call.lot is not None or self.injected is not None:
            self._add_side(row)
        call.rows.append(row)
        return row


def _add_tokens(row: Attempt, usage: Usage) -> None:
    row.input_tokens, row.output_tokens = usage.input, usage.output
    if usage.cache_read or usage.reasoning:
        row.cache_read_tokens, row.reasoning_tokens = usage.cache_read, usage.reasoning
    if usage.cache_write or usage.cache_write_1h or usage.audio_input or usage.audio_output:
        row.cache_write_tokens = usage.cache_write
        row.cache_write_1h_tokens = usage.cache_write_1h
        row.audio_input_tokens = usage.audio_input
        row.audio_output_tokens = usage.audio_output
    if usage.units or usage.tier is not None or usage.estimated:
        row.units, row.tier, row.estimated = usage.units, usage.tier, usage.estimated


def _is_absurd(usage: Usage) -> bool:
    """Whether it reports more than an answer can have."""
    tokens = usage.input + usage.output + usage.cache_read + usage.cache_write
    tokens += usage.reasoning + usage.audio_input + usage.audio_output
    if usage.units and max(usage.units.values()) > _MOST_TOKENS:
        return True
    return tokens > _MOST_TOKENS


def ended(row: Attempt) -> Begun:
    """What is to be known of an attempt that has its row, if this process dies before the request's end."""
    begun = {name: getattr(row, name) for name in Begun.__struct_fields__}
    return Begun(**begun)


def trace(call: Call) -> None:
    """Keep the caller's trace in the first row of a call."""
    told, rows = call.trace, call.rows
    if told is not None and rows:
        rows[0] = replace(rows[0], traceparent=told.parent, tracestate=told.state)


def supersede(call: Call) -> None:
    """Another attempt follows: the last row was not the final one."""
    if call.rows:
        call.rows[-1] = replace(call.rows[-1], final=False)


def subordinate(part: Call) -> None:
    """A part of a request is over: its last row is the final one of all only where it is what ends them."""
    parts = part.parts
    if parts is None or not part.rows:
        return
    costs = [row.cost_nusd for row in part.rows]
    if parts.nusd is not None:
        parts.nusd = None if None in costs else parts.nusd + sum(cost or 0 for cost in costs)
    goes_on = part.rows[-1].outcome == "ok" or not parts.are_admitted
    if goes_on or parts.have_failed:
        supersede(part)
    else:
        parts.have_failed = True


def conclude(call: Call) -> None:
    """Nobody has gone on with the stream that was cut last: its attempt is the final one."""
    cut = max(n for n, row in enumerate(call.rows) if row.outcome == "cut")
    call.rows[:] = [replace(row, final=n == cut) for n, row in enumerate(call.rows)]


def redact(error: ProviderError, lane: Lane) -> None:
    """Take the provider's secrets out of its words: they go to the caller and into the ledger."""
    redacted = lane.provider.redact
    error.message = redacted(error.message.encode("utf-8", "replace")).decode()
    error.code, error.param = (
        word and redacted(word.encode("utf-8", "replace")).decode()
        for word in (error.code, error.param)
    )
    if error.raw is not None:
        error.raw = redacted(error.raw)
