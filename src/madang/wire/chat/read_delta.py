"""The deltas of one choice as parts that open and close in order.

One rule: nothing is lost to disorder. Tool calls may alternate, and text may come between their
pieces: what cannot go out at once, because a call is still incomplete, follows it.
"""

import base64
import binascii
from collections.abc import Hashable
from typing import Any

from madang.model import (
    Audio,
    Citation,
    Event,
    LogprobsAdded,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from madang.wire.chat.calls import CallTable
from madang.wire.chat.outputs import (
    CallIds,
    annotation,
    audio_part,
    content_parts,
    dicts,
    executed_tools,
    image_parts,
    legacy_call,
)
from madang.wire.chat.stops import read_stop
from madang.wire.chat.thinking import detail_text, details_of, read_signature, thought_text
from madang.wire.parts import PartSequencer

_PLAIN = frozenset({"role", "content"})
"""All that most deltas say."""


class ChoiceReader:
    """Reads the chunks of one choice.

    `reason` is the last finish_reason seen. `sources` are citations that wait for a text to stand
    on.
    """

    def __init__(self, choice: int, ids: CallIds) -> None:
        self._choice = choice
        self._ids = ids
        self._parts = PartSequencer(choice)
        self._calls = CallTable()
        self._thoughts = 0
        self._late: list[Part] = []
        self._sound = _Sound()
        self._has_deltas = False
        self.sources: list[Citation] = []
        self.reason: str | None = None

    def read(self, choice: dict[str, Any]) -> list[Event]:
        """The events of one chunk's entry for this choice.

        A whole `message` in the place of a delta repeats what the deltas before it said (MiniMax).
        """
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._has_deltas = True
        elif not self._has_deltas:
            delta = choice.get("message")
        events = self._delta(delta) if isinstance(delta, dict) else []
        logprobs = choice.get("logprobs")
        tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
        if isinstance(tokens, list) and tokens:
            events.append(LogprobsAdded(self._choice, tokens))
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self.reason = reason
        return events

    def finish(self) -> list[Event]:
        """Announce what waits, close everything, and say why the choice ended."""
        events = self._announce()
        if (audio := self._sound.whole()) is not None:
            self._late.append(audio)
        if self._late:
            events += self._parts.end()
        events += self._follow()
        stop = read_stop(self.reason, called=len(self._calls) > 0)
        return events + self._parts.finish(stop, self.reason)

    def _delta(self, delta: dict[str, Any]) -> list[Event]:
        said = {name for name, value in delta.items() if value}
        if said <= _PLAIN:
            return self._content(delta)
        events = [*self._think(delta), *self._content(delta)]
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            events += self._place(Refusal(refusal))
        for entry in dicts(delta.get("tool_calls")):
            events += self._call(entry)
        if (legacy := legacy_call(delta)) is not None:
            events += self._call({"index": "function_call", "function": legacy})
        if isinstance(audio := delta.get("audio"), dict):
            self._sound.add(audio)
        for part in (*image_parts(delta), *executed_tools(delta)):
            events += self._place(part)
        self.sources += [annotation(entry) for entry in dicts(delta.get("annotations"))]
        return events + self._cite()

    def _content(self, delta: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        for part in content_parts(delta.get("content")):
            events += self._place(part)
        return events + self._cite() if self.sources else events

    def _think(self, delta: dict[str, Any]) -> list[Event]:
        text, details = thought_text(delta), details_of(delta)
        if not text:
            text = "".join(detail_text(detail) for detail in details)
        events = self._place(Thinking(text, origin="chat")) if text else []
        for detail in details:
            signature = read_signature(detail, history=False)
            if signature is not None:
                events += self._place(signature)
        return events

    def _call(self, entry: dict[str, Any]) -> list[Event]:
        """One entry of `tool_calls`. A call is announced with its first arguments: its name is whole by then."""
        call, text = self._calls.take(entry)
        if call.started:
            return self._parts.delta(call.key, text)
        return self._announce() if text and call.name else []

    def _announce(self) -> list[Event]:
        """Open the parts of the calls that wait for it; those behind an incomplete call follow it."""
        events: list[Event] = []
        for call in self._calls.waiting():
            identity = self._ids.unique(call.id)
            part = ToolCall(identity, call.name, "", call.custom, signature=call.signature)
            hold = not self._calls.settled(before=call.key)
            events += self._parts.start(call.key, part, hold=hold)
            events += self._parts.delta(call.key, "".join(call.pieces))
        return events

    def _place(self, part: Part) -> list[Event]:
        """Emit a piece now, or keep it until the calls before it are complete."""
        if not self._calls:
            return self._emit(part)
        if self._calls.settled():
            return [*self._announce(), *self._follow(), *self._emit(part)]
        self._late.append(part)
        return []

    def _follow(self) -> list[Event]:
        """Emit what was kept."""
        late, self._late = self._late, []
        events = [event for part in late for event in self._emit(part)]
        return events + self._cite()

    def _emit(self, part: Part) -> list[Event]:
        """The events of one piece: more of the open part, or a part of its own."""
        match part:
            case Text():
                return self._grow(Text, Text(""), part.text)
            case Refusal():
                return self._grow(Refusal, Refusal(""), part.text)
            case Thinking(redacted=False):
                return self._emit_thought(part)
            case _:
                return self._parts.whole(type(part), part)

    def _emit_thought(self, part: Thinking) -> list[Event]:
        key, empty = ("thought", self._thoughts), Thinking("", origin="chat")
        events = self._grow(key, empty, part.text)
        if part.signature is not None:
            if self._parts.open_key != key:
                events += self._parts.start(key, empty)
            events += self._parts.signature(part.signature)
            # a signed thought is complete: what comes next is another
            self._thoughts += 1
        return events

    def _grow(self, key: Hashable, empty: Part, text: str) -> list[Event]:
        if not text:
            return []
        events = [] if self._parts.open_key == key else self._parts.start(key, empty)
        return events + self._parts.delta(key, text)

    def _cite(self) -> list[Event]:
        """Give the waiting sources to the open text."""
        if not self.sources or self._parts.open_key is not Text:
            return []
        sources, self.sources = self.sources, []
        return [event for source in sources for event in self._parts.citation(source)]


class _Sound:
    """Audio output arrives in pieces of base64, and is a part only when whole."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._transcript: list[str] = []
        self._id: str | None = None

    def add(self, audio: dict[str, Any]) -> None:
        for name, pieces in (("data", self._pieces), ("transcript", self._transcript)):
            if isinstance(audio.get(name), str) and audio[name]:
                pieces.append(audio[name])
        if isinstance(audio.get("id"), str):
            self._id = audio["id"]

    def whole(self) -> Audio | None:
        """All of it; None when nothing sounded."""
        if not self._pieces and not self._transcript:
            return None
        try:
            sound = b"".join(base64.b64decode(piece, validate=True) for piece in self._pieces)
            data = base64.b64encode(sound).decode()
        except (binascii.Error, ValueError):
            data = "".join(self._pieces)
        return audio_part(data, {"transcript": "".join(self._transcript) or None, "id": self._id})
