"""The content blocks of a stream: begun, continued, ended, each known by its index.

Text, thinking and tool calls flow on as they come. A block that only this dialect understands (a
server tool's use or result) is held until it is complete, for the neutral model takes it whole.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from madang.model import Event, Opaque, Part, Text, Thinking, ToolCall
from madang.wire import json
from madang.wire.messages.citations import read_citation
from madang.wire.messages.read_answer import read_block, text_of
from madang.wire.parts import PartSequencer

_Data = dict[str, Any]


@dataclass(slots=True)
class _Block:
    """A block that has begun: what it began with, and the pieces of its input so far."""

    part: Part
    pieces: list[str] = field(default_factory=list)


class BlockReader:
    """Reads the blocks of one answer. Every method returns the events it causes."""

    def __init__(self) -> None:
        self.sequencer = PartSequencer()
        self.called = False
        self._blocks: dict[int, _Block] = {}

    def start(self, index: int, data: _Data) -> list[Event]:
        """Begin a block with what it holds already. The ones before it may lack their end."""
        events = self.stop(index)
        for before, block in self._blocks.items():
            events += self._whole_arguments(before, block)
        part = read_block(data)
        self._blocks[index] = _Block(part)
        match part:
            case Text():
                events += self._open(index, Text(""))
                events += self.sequencer.delta(index, part.text)
                for citation in part.citations:
                    events += self.sequencer.citation(citation)
            case Thinking(redacted=True):
                events += self.sequencer.whole(index, part)
            case Thinking():
                events += self._open(index, Thinking("", origin="messages"))
                events += self.sequencer.delta(index, part.text)
                events += self._signature(part.signature)
            case ToolCall():
                self.called = True
                opened = ToolCall(part.id, part.name, "")
                events += self.sequencer.start(index, opened, hold=self._call_is_open())
        return events

    def delta(self, index: int, data: _Data) -> list[Event]:
        """Continue a block. Text for one that never began, or was taken for ended, begins it."""
        match text_of(data, "type"):
            case "text_delta":
                events = self._open(index, Text(""))
                return events + self.sequencer.delta(index, text_of(data, "text") or "")
            case "thinking_delta":
                events = self._open(index, Thinking("", origin="messages"))
                return events + self.sequencer.delta(index, text_of(data, "thinking") or "")
            case "signature_delta":
                events = self._open(index, Thinking("", origin="messages"))
                return events + self._signature(text_of(data, "signature"))
            case "citations_delta":
                citation = read_citation(data.get("citation"))
                return self._open(index, Text("")) + self.sequencer.citation(citation)
            case "input_json_delta":
                return self._input(index, text_of(data, "partial_json") or "")
        self._extend(index, data)
        return []

    def stop(self, index: int) -> list[Event]:
        """End a block, if it is open."""
        block = self._blocks.pop(index, None)
        if block is None:
            return []
        if isinstance(block.part, Opaque):
            return self.sequencer.whole(index, _completed(block.part, "".join(block.pieces)))
        events = self._whole_arguments(index, block)
        if self.sequencer.open_key == index:
            events += self.sequencer.end()
        return events

    def stop_all(self) -> list[Event]:
        """End whatever the provider left open.

        The end of one call lets those go that wait for it: by then they must have all they hold.
        """
        open_ones = list(self._blocks.items())
        events = [e for index, block in open_ones for e in self._whole_arguments(index, block)]
        return events + [event for index, _ in open_ones for event in self.stop(index)]

    def _open(self, index: int, part: Part) -> list[Event]:
        return [] if self.sequencer.open_key == index else self.sequencer.start(index, part)

    def _call_is_open(self) -> bool:
        key = self.sequencer.open_key
        block = self._blocks.get(key) if isinstance(key, int) else None
        return block is not None and isinstance(block.part, ToolCall)

    def _whole_arguments(self, index: int, block: _Block) -> list[Event]:
        """The arguments that a call began with, where no pieces of them came."""
        if not isinstance(block.part, ToolCall) or block.pieces or block.part.arguments == "{}":
            return []
        block.pieces.append(block.part.arguments)
        return self.sequencer.delta(index, block.part.arguments)

    def _signature(self, signature: str | None) -> list[Event]:
        return self.sequencer.signature(signature) if signature else []

    def _input(self, index: int, piece: str) -> list[Event]:
        block = self._blocks.get(index)
        if block is None or not piece:
            return []
        block.pieces.append(piece)
        return self.sequencer.delta(index, piece) if isinstance(block.part, ToolCall) else []

    def _extend(self, index: int, data: _Data) -> None:
        """Add a delta of an unknown kind to the members of the same name."""
        block = self._blocks.get(index)
        if block is None or not isinstance(block.part, Opaque):
            return
        for name, piece in data.items():
            old = block.part.value.get(name)
            if name != "type":
                joined = isinstance(old, str) and isinstance(piece, str)
                block.part.value[name] = old + piece if joined else piece


def _completed(part: Opaque, pieces: str) -> Opaque:
    """Return the block with the input that came in pieces; text that is no JSON stays text."""
    if not pieces:
        return part
    try:
        value = json.decode(pieces)
    except (msgspec.DecodeError, RecursionError):
        value = pieces
    return Opaque(part.origin, part.kind, {**part.value, "input": value})
