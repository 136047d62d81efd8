"""Items that a request names instead of repeating them: `{"type": "item_reference", "id": …}`.

Vercel's AI SDK writes so whatever an answer said, unless it is told `store: false`. OpenAI looks up
the items that it made; those with an id of our making only we can look up. An id tells its
response, and a response that is held tells every item before it, so the last reference of a
conversation usually answers for all.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from madang.model import Json
from madang.wire import json
from madang.wire.responses.ids import MARK, is_made
from madang.wire.responses.members import objects

_KIND: Final = "item_reference"
_MARK: Final = MARK.encode()


class _Item(msgspec.Struct):
    id: Any = None
    type: Any = None
    role: Any = None


_items = msgspec.json.Decoder(list[_Item])


def made_references(body: bytes, fields: Mapping[str, bytes]) -> list[str]:
    """Return the ids of our making that `input` refers to, in their order; of a strange `input` none.

    `fields` are the members of `body`, undecoded.
    """
    if _MARK not in body or "input" not in fields:
        return []
    try:
        items = _items.decode(fields["input"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []  # a string, or what the reader of requests will refuse by its place
    return [item.id for item in items if _refers(item.type, item.role) and is_made(item.id)]


def response_of(identity: str) -> str:
    """Return the id of the response that has this item of our making."""
    stem = identity.partition(MARK)[2]
    return f"resp_{stem.rpartition('_')[0]}"


def with_items(fields: Mapping[str, bytes], known: Mapping[str, Json]) -> bytes:
    """Return a request whose references to `known` items (by id) are those items."""
    items = [_resolved(item, known) for item in objects(json.decode(fields["input"]))]
    return json.encode({**fields, "input": items})


def _resolved(item: dict[str, Any], known: Mapping[str, Json]) -> Json:
    identity = item.get("id")
    if not _refers(item.get("type"), item.get("role")) or not isinstance(identity, str):
        return item
    return known.get(identity, item)


def _refers(kind: Json, role: Json) -> bool:
    """Whether an item is a reference: it says so, or says nothing of itself but an id."""
    return kind == _KIND or (kind is None and role is None)
