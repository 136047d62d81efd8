"""Attempts of a process that died: what it left in its file of slots becomes rows with the outcome `lost`.

Rule: the provider was asked, so the prompt is billed as estimated, and of a stream the text that had come; what
else the provider may charge only its own figures tell (`madang reconcile`). An attempt that had ended
while its request went on is entered as it ended.
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from madang.ledger.open import Begun
from madang.ledger.prices import FindPrice, charge
from madang.model import Attempt, Usage

CAUSE = "process_died"


def lost_attempts(left: Sequence[tuple[Begun, int]], find: FindPrice) -> list[Attempt]:
    """The rows of what was under way, with the bytes of text heard of each; the last of a request is final.

    `find` knows prices; what it does not know stays unpriced.
    """
    rows = [
        _lost(begun, heard, find) if begun.outcome == "lost" else _ended(begun)
        for begun, heard in sorted(left, key=lambda one: (one[0].request_id, one[0].n))
    ]
    for at, (row, following) in enumerate(pairwise(rows)):
        if row.request_id == following.request_id:
            rows[at] = replace(row, final=False)
    return rows


def _lost(begun: Begun, heard: int, find: FindPrice) -> Attempt:
    usage = Usage(
        input=begun.input_tokens,
        output=(heard + 3) // 4,
        units=begun.units,
        estimated=True,
    )
    price = find(begun.provider, begun.model, begun.at_us, begun.price)
    cost, priced_by = charge(price, usage, begun.at_us) if price else (None, None)
    return replace(
        _ended(begun),
        cause=CAUSE,
        output_tokens=usage.output,
        estimated=True,
        cost_nusd=cost,
        price=priced_by if cost is not None else None,
    )


def _ended(begun: Begun) -> Attempt:
    return Attempt(
        id=f"{begun.request_id}.{begun.n}",
        request_id=begun.request_id,
        n=begun.n,
        at_us=begun.at_us,
        key_id=begun.key_id,
        account_id=begun.account_id,
        tags=begun.tags,
        dialect=begun.dialect,
        asked_model=begun.asked_model,
        model=begun.model,
        provider=begun.provider,
        api=begun.api,
        region=begun.region,
        streamed=begun.streamed,
        outcome=begun.outcome,
        status=begun.status,
        cause=begun.cause,
        input_tokens=begun.input_tokens,
        output_tokens=begun.output_tokens,
        units=begun.units,
        cost_nusd=begun.cost_nusd,
        price=begun.price,
    )
