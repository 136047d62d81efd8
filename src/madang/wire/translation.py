"""A stream from one dialect to another, as one object with the same face as a same-dialect `Meter`."""

from madang.errors import MadangError
from madang.model import (
    ChoiceEnded,
    Ended,
    Event,
    Failed,
    PartStarted,
    Stop,
    TextDelta,
    ToolCall,
    Usage,
    UsageSeen,
)
from madang.wire.contract import StreamReader, StreamWriter
from madang.wire.estimate import name_bytes


class Translation:
    """Reads a provider's stream and writes the caller's; remembers usage and the end on the side.

    `failure` is the provider's own error event, if one came; the caller has then been told already.
    """

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.usage: Usage | None = None
        self.stop: Stop | None = None
        self.ended = False
        self.failed = False
        self.failure: Failed | None = None
        self._said = 0
        self._held = 0

    @property
    def text_bytes(self) -> int:
        """How much text has passed, and the names of calls that a reader may still hold back."""
        return self._said + self._held

    def feed(self, data: bytes) -> bytes:
        """Bytes from the provider in, bytes for the caller out."""
        before = self._said
        out = self._write(self._reader.feed(data))
        self._held = self._held + name_bytes(data) if self._said == before else 0
        return out

    def close(self) -> bytes:
        """The provider closed the connection: return what completes the caller's stream."""
        return self._write(self._reader.close())

    def fail(self, error: MadangError) -> bytes:
        """End the caller's stream with `error`, unless it has ended already."""
        if self.ended or self.failed:
            return b""
        return self._write([Failed(error.message, error.kind, error.code)])

    def _write(self, events: list[Event]) -> bytes:
        out = []
        for event in events:
            if self.ended or self.failed:
                break
            self._note(event)
            out.append(self._writer.feed(event))
        return b"".join(out)

    def _note(self, event: Event) -> None:
        """Keep what the ledger needs."""
        if isinstance(event, TextDelta):
            self._count(event.text)
        elif isinstance(event, UsageSeen):
            self.usage = event.usage
        elif isinstance(event, ChoiceEnded):
            self.stop = self.stop or event.stop
        elif isinstance(event, Failed):
            self.failed = True
            self.failure = event
        elif isinstance(event, PartStarted):
            if isinstance(event.part, ToolCall):
                self._count(event.part.name)
        elif isinstance(event, Ended):
            self.ended = True

    def _count(self, text: str) -> None:
        """Add what the model wrote: text, arguments, and the names of what it calls."""
        self._said += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
