"""Looks up the items that a request only names, in the answers that are held for its key.

Rule: whoever answers next is told the whole conversation, or the caller is told that it cannot be.
"""

import asyncio
from typing import Any

import msgspec

from madang.errors import InvalidRequest, NotFound
from madang.model import Json
from madang.pipeline.call import Call
from madang.pipeline.conversation import LONGEST_ID, Turns
from madang.server.process.runtime import Runtime
from madang.state.responses import Held
from madang.wire.json import decode
from madang.wire.responses.references import made_references, response_of, with_items

_MAX_LOOKUPS = 64
"""Answers that one request may have looked up. A conversation takes one: the last one tells it all."""

_turns = msgspec.json.Decoder(list[Turns])


async def resolve(runtime: Runtime, call: Call) -> bytes:
    """The body of a call with every item that it names by an id of ours. Raises NotFound, InvalidRequest."""
    references = made_references(call.body, call.envelope.fields)
    if not references:
        return call.body
    known = await asyncio.to_thread(_look_up, runtime, call, references)
    return with_items(call.envelope.fields, known)


def _look_up(runtime: Runtime, call: Call, references: list[str]) -> dict[str, Json]:
    """The items by their ids, from the latest answer back."""
    known: dict[str, Json] = {}
    lookups = 0
    for identity in reversed(references):
        if identity in known:
            continue
        lookups += 1
        if lookups > _MAX_LOOKUPS:
            raise InvalidRequest(
                f"`input` refers to items of more than {_MAX_LOOKUPS} separate answers; "
                "send the items themselves.",
                param="input",
            )
        response = response_of(identity)
        held = None
        if len(identity) <= LONGEST_ID and runtime.settings.responses.keep_days > 0:
            held = runtime.held.find(response, call.key.id, call.at_us / 1e6)
        if held is not None:
            known = {**_items_of(held), **known}
        if identity not in known:
            raise _no_such(identity)
    return known


def _items_of(held: Held) -> dict[str, Json]:
    """Every item with an id, of an answer and of what led to it. The caller saw the answer's own."""
    told = [item for turn in _turns.decode(held.turns) for item in turn.items]
    answer: Any = decode(held.response)
    items = [*told, *answer.get("output", ())]
    return {item["id"]: item for item in items if isinstance(item.get("id"), str)}


def _no_such(identity: str) -> NotFound:
    """In OpenAI's words, to which clients listen."""
    return NotFound(
        f"Item with id '{identity[:LONGEST_ID]}' not found. Items are not persisted when `store` is "
        "set to false. Try again with `store` set to true, or remove this item from your input.",
        param="input",
    )
