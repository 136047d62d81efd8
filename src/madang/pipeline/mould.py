"""What the rows have in common of one key that asks one target for one model: made once, and copied for each.

A row has some fifty fields. To make one takes a fortieth of a request's time; to copy one and set what
differs takes a third of that.
"""

from typing import Final

from madang.ledger.open import Alike, Begun
from madang.model import Attempt, PriceRow
from madang.pipeline.call import Call
from madang.pipeline.lane import Lane, Snapshot

_MOST: Final = 4_096
"""So many are kept of a configuration, some 5 MB; with more keys and models than that some are made again."""


class Mould:
    """`row` is that of a plain answer but for what is the request's own; `alike` are the facts of one under way."""

    __slots__ = ("alike", "key", "price", "row")

    def __init__(self, call: Call, lane: Lane, price: PriceRow | None) -> None:
        self.key = call.key
        self.price = price
        target, streamed = lane.target, call.envelope.stream
        self.row = Attempt(
            id="",
            request_id="",
            n=0,
            at_us=0,
            key_id=call.key.id,
            account_id=call.key.account_id,
            tags=call.tags,
            dialect=call.wire.dialect,
            asked_model=call.envelope.model,
            model=target.canonical or target.model,
            provider=target.provider,
            api=target.api,
            region=target.region,
            outcome="ok",
            status=200,
            streamed=streamed,
        )
        row = self.row
        self.alike = Alike(
            Begun(
                *("", 0, 0, row.key_id, row.account_id, row.tags, row.dialect, row.asked_model),
                *(row.model, row.provider, row.api, row.region, streamed, 0),
                price.id if price is not None else None,
            )
        )

    def cast(self, call: Call, n: int) -> Attempt:
        """A row for attempt `n` of a call."""
        row: Attempt = self.row.__copy__()  # type: ignore[attr-defined] # missing in msgspec's stubs
        row.id = f"{call.id}.{n}"
        row.request_id = call.id
        row.at_us = call.at_us
        if n:
            row.n = n
        return row


def mould_of(call: Call, lane: Lane, price: PriceRow | None, snapshot: Snapshot) -> Mould:
    """The mould for a call's rows on a lane, at this price; made at first use, and when one of them has changed."""
    key, envelope = call.key, call.envelope
    name = (lane, key.id, envelope.model, envelope.stream, call.wire.dialect)
    known: dict[tuple[object, ...], Mould] = snapshot.moulds  # type: ignore[assignment] # ours alone
    mould = known.get(name)
    if mould is not None and mould.key is key and mould.price is price and call.tags is key.tags:
        return mould
    mould = Mould(call, lane, price)
    if call.tags is key.tags:
        if len(known) >= _MOST:
            known.clear()
        known[name] = mould
    return mould
