"""One answer made of several streams, for a caller whose stream may be gone on with by another target.

Every attempt's events go through one writer of the caller's dialect, which therefore sees one
answer: it begins once, its text goes on in the part that was open, its usage is that of all
attempts, and whether it has failed is not for a single attempt to say.
"""

from msgspec.structs import replace

from madang.errors import MadangError
from madang.model import (
    ChoiceEnded,
    Citation,
    CitationAdded,
    Ended,
    Event,
    Failed,
    LogprobsAdded,
    Part,
    PartEnded,
    PartStarted,
    SignatureDelta,
    Started,
    Text,
    TextDelta,
    Thinking,
    Usage,
    UsageSeen,
)
from madang.pipeline.overlap import MOST_OVERLAP, repeated
from madang.pipeline.total import total
from madang.wire.contract import StreamWriter

_THOUGHTS = "thinking"


class Joint:
    """A writer that outlives the attempts which feed it. `losses` names what of the present one is dropped.

    `is_fixed`: something has begun that nobody else can go on with (a tool call, a refusal, a
    picture, a second choice), or the answer is complete.
    """

    def __init__(self, writer: StreamWriter) -> None:
        self.is_fixed = False
        self.losses: tuple[str, ...] = ()
        self._writer = writer
        self._said: list[str] = []
        self._before: Usage | None = None
        self._later = False  # whether this is not the first attempt
        self._open: Part | None = None
        self._index = 0
        self._length = 0  # characters of the open text
        self._shift = 0  # so many of them are not this attempt's
        self._dropping = False
        self._tail: str | None = None  # what the new text may repeat; None: that is decided
        self._held = ""

    @property
    def text(self) -> str:
        """The text of the answer so far."""
        if len(self._said) > 1:
            self._said = ["".join(self._said)]
        return self._said[0] if self._said else ""

    def break_off(self, usage: Usage) -> bytes:
        """The attempt has ended before its answer, at the cost of `usage`. Return what was held of it."""
        written = self._decide(is_all=True)
        if self._open is not None and not isinstance(self._open, Text):
            written += self._close()
        self._before = usage if self._before is None else total(self._before, usage)
        return written

    def go_on(self) -> None:
        """Another attempt begins; what one before it has begun without anything to show for it is forgotten."""
        self.is_fixed, self.losses = False, ()
        self._later, self._dropping = True, False
        self._held = ""
        self._tail = self.text[-MOST_OVERLAP:] or None
        if not isinstance(self._open, Text):
            self._open, self._length = None, 0
        self._shift = self._length

    def fail(self, error: MadangError) -> bytes:
        """Return the end of a stream that nobody can go on with."""
        held = self._decide(is_all=True)
        return held + self._writer.feed(Failed(error.message, error.kind, error.code))

    def feed(self, event: Event) -> bytes:
        """The bytes for one event, possibly none."""
        match event:
            case Started():
                return b"" if self._later else self._writer.feed(event)
            case UsageSeen():
                return self._usage(event)
            case Failed():
                return b""
            case Ended():
                return self._writer.feed(event)
        if event.choice:
            self.is_fixed = True
            return self._writer.feed(event)
        match event:
            case TextDelta():
                return self._more(event)
            case PartStarted():
                return self._start(event.part)
            case PartEnded():
                return self._end()
            case ChoiceEnded():
                self.is_fixed = True
                return self._close() + self._writer.feed(event)
        return b"" if self._dropping else self._beside(event)

    def _usage(self, event: UsageSeen) -> bytes:
        used = event.usage if self._before is None else total(self._before, event.usage)
        return self._writer.feed(UsageSeen(used))

    def _start(self, part: Part) -> bytes:
        """A part begins: a text goes on in the one that is open."""
        if isinstance(part, Thinking) and self._later and self._said:
            # no dialect has a place for thoughts within a text
            self._dropping, self.losses = True, (_THOUGHTS,)
            return b""
        if not isinstance(part, Text):
            self.is_fixed = self.is_fixed or not isinstance(part, Thinking)
            return self._begin(part)
        begun = b"" if isinstance(self._open, Text) else self._begin(replace(part, text=""))
        return begun + (self._more(TextDelta(0, 0, part.text)) if part.text else b"")

    def _begin(self, part: Part) -> bytes:
        closed = self._close()
        self._open = part
        return closed + self._writer.feed(PartStarted(0, self._index, part))

    def _more(self, event: TextDelta) -> bytes:
        if self._dropping:
            return b""
        if not isinstance(self._open, Text):
            return self._writer.feed(TextDelta(0, self._index, event.text))
        if self._tail is None:
            return self._say(event.text)
        self._held += event.text
        return self._decide(is_all=False)

    def _decide(self, *, is_all: bool) -> bytes:
        """Leave out what the new text repeats of the old, once it is clear what that is."""
        if self._tail is None:
            return b""
        length = repeated(self._tail, self._held, is_all=is_all)
        if length is None:
            return b""
        text, self._held, self._tail = self._held[length:], "", None
        self._shift -= length
        return self._say(text) if text else b""

    def _say(self, text: str) -> bytes:
        self._said.append(text)
        self._length += len(text)
        return self._writer.feed(TextDelta(0, self._index, text))

    def _end(self) -> bytes:
        if self._dropping:
            self._dropping = False
            return b""
        return self._close()

    def _close(self) -> bytes:
        """End the open part, if there is one."""
        if self._open is None:
            return b""
        held = self._decide(is_all=True)
        index, self._open = self._index, None
        self._index, self._length, self._shift = index + 1, 0, 0
        return held + self._writer.feed(PartEnded(0, index))

    def _beside(self, event: SignatureDelta | CitationAdded | LogprobsAdded) -> bytes:
        """What belongs to the open part. The place of a later attempt's source is counted from its beginning."""
        if isinstance(event, LogprobsAdded):
            return self._writer.feed(event)
        if isinstance(event, CitationAdded) and self._shift:
            event = replace(event, citation=_moved(event.citation, self._shift))
        return self._writer.feed(replace(event, index=self._index))


def _moved(citation: Citation, by: int) -> Citation:
    """The source with its place, where it has one, behind so many characters more."""
    if citation.start is None or citation.end is None:
        return citation
    start, end = max(0, citation.start + by), max(0, citation.end + by)
    return replace(citation, start=start, end=end, origin=None, raw=None)
