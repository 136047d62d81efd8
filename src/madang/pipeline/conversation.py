"""A conversation in the Responses dialect that Madang holds: what came before, and what is kept of the answer.

Two rules. A provider that made the id of the last response itself is sent that id, unchanged;
everybody else is told the conversation. And what one provider made of an item (its id, its
encrypted reasoning) is never sent to another.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from madang.errors import InvalidRequest, MadangError, ProviderBroken
from madang.model import Attempt, Request
from madang.wire import json
from madang.wire.contract import Envelope, Meter, Rendered, StreamWriter
from madang.wire.json import encode
from madang.wire.responses import WIRE, body_with_history, conversation_items, with_history
from madang.wire.responses.ids import MARK, is_made
from madang.wire.responses.relay import ResponsesMeter
from madang.wire.responses.write_stream import ResponsesWriter

_PORTABLE = frozenset(
    (
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
    )
)
"""Kinds of items that mean the same to every provider of this dialect, once they have lost their ids."""

_MARK = MARK.encode()
_FORGOTTEN = "previous_response_not_found"
_PREVIOUS = "previous_response_id"
LONGEST_ID = 256
"""Characters of an id; no provider has longer ones."""


class Turns(Struct, frozen=True):
    """What one response added to a conversation: what was asked, then what `provider` answered."""

    provider: str
    items: list[dict[str, Any]]


class Kept(Struct, frozen=True):
    """A response to hold, for whoever can store it. `provider` made the id (None: Madang did)."""

    id: str
    provider: str | None
    turns: list[Turns]
    response: bytes


class Conversation:
    """What a call goes on with: the turns before it (none: it begins), and who made the id it names for them.

    `keep` holds the answer, before the caller has seen the end of it; None: it is not to be held.
    """

    def __init__(
        self,
        body: bytes,
        envelope: Envelope,
        earlier: Kept | None,
        keep: Callable[[Kept], Awaitable[None]] | None,
    ) -> None:
        turns = earlier.turns if earlier is not None else []
        self._keep = keep
        self._turns = turns
        self._maker = earlier.provider if earlier is not None else None
        self._body, self._envelope = body, envelope
        self._request: Request | None = None
        self._told_all = False
        self._source: object = None

    # --- the way there --------------------------------------------------------------------------

    @property
    def whole_body(self) -> bytes:
        """The request with what came before: whoever estimates the prompt has to see all of it.

        Raises InvalidRequest.
        """
        if not self._turns:
            return self._body
        json.request_object(self._body)  # refuses what cannot be read
        return body_with_history(self._body, _items(self._turns))

    def body_for(self, provider: str, model: str) -> Rendered:
        """The request for a provider that speaks this dialect itself. Raises InvalidRequest."""
        body, envelope, lost = self._body, self._envelope, set[str]()
        if self._turns and (self._told_all or provider != self._maker):
            owner = "" if self._told_all else provider
            items, lost = _for_provider(self._turns, owner)
            body = body_with_history(body, items)
            envelope = WIRE.read_envelope(body, None, False)  # noqa: FBT003 - the contract's shape
        thoughts = _thoughts(body) if _MARK in body else 0
        sent = WIRE.retarget(body, envelope, model)
        if thoughts and _thoughts(sent) < thoughts:
            lost.add("thinking_history")
        return Rendered(sent, tuple(sorted(lost)))

    def asked(self) -> Request:
        """The request without what came before, as the answer repeats it."""
        if self._request is None:
            self._request = WIRE.read_request(self._body, None, False)  # noqa: FBT003
        return self._request

    def request(self) -> Request:
        """The request with what came before, for providers of other dialects."""
        asked = self.asked()
        return with_history(asked, _items(self._turns)) if self._turns else asked

    def was_forgotten(self, error: MadangError) -> bool:
        """Hear how a provider failed; True where it only lacks what came before, and is now to be told."""
        lacking = error.code == _FORGOTTEN or error.param == _PREVIOUS
        if not lacking or not self._turns or self._told_all:
            return False
        self._told_all = True
        return True

    # --- the way back ---------------------------------------------------------------------------

    def listen(self, source: Meter | StreamWriter) -> None:
        """Take the answer from this stream once it has ended."""
        self._source = source

    async def keep_stream(self, row: Attempt) -> None:
        """Hold the stream that has just ended; `row` says who answered."""
        match self._source:
            case ResponsesMeter(response=bytes() as response):
                await self.keep(response, row)
            case ResponsesWriter(response=dict() as written):
                await self.keep(encode(written), row)

    async def keep(self, response: bytes, row: Attempt) -> None:
        """Hold this answer, if it is to be held, can be read, and has a usable id.

        It goes to the caller as it is in any case: it is paid for.
        """
        if self._keep is None:
            return
        try:
            identity = json.answer_object(response).get("id")
            added = Turns(row.provider, conversation_items(self._body, response))
        except (InvalidRequest, ProviderBroken):
            return
        if not isinstance(identity, str) or not 0 < len(identity) <= LONGEST_ID:
            return
        is_ours = row.api != WIRE.dialect or isinstance(self._source, ResponsesWriter)
        maker = None if is_ours else row.provider
        await self._keep(Kept(identity, maker, [*self._turns, added], response))


def _items(turns: list[Turns]) -> list[dict[str, Any]]:
    return [item for turn in turns for item in turn.items]


def _for_provider(turns: list[Turns], provider: str) -> tuple[list[dict[str, Any]], set[str]]:
    """The items as one provider may see them, its own as they were; and what was lost of others."""
    items: list[dict[str, Any]] = []
    lost: set[str] = set()
    for turn in turns:
        for item in turn.items:
            kind = item.get("type") or "message"
            if turn.provider == provider or (is_made(item.get("id")) and kind != "reasoning"):
                items.append(item)
            elif kind in _PORTABLE:
                items.append({name: value for name, value in item.items() if name != "id"})
            else:
                lost.add("thinking_history" if kind == "reasoning" else str(kind))
    return items, lost


def _thoughts(body: bytes) -> int:
    """How many reasoning items a request has."""
    items = json.request_object(body).get("input")
    if not isinstance(items, list):
        return 0
    return sum(isinstance(item, dict) and item.get("type") == "reasoning" for item in items)
