"""A request about a text that is too long, as requests about its pieces and one about their answers.

Rule: everything else of the request goes along with every piece. Where the question may stand in
the text itself, at its beginning or its end, both go along too.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from madang.model import Answer, Document, Part, Refusal, Request, Text
from madang.wire.pieces import whole_character

EDGE_CHARACTERS: Final = 600
"""So much of the beginning and of the end of a text goes along with each piece, where the question may stand there."""

_PIECE: Final = (
    "The text of this request is too long to be read at once. Below is piece {number} of {pieces}, and"
    " nothing of the others. Do what is asked for this piece alone, completely; the answers to"
    " all pieces will be combined afterwards. If this piece has nothing to say to it, say so in a few words."
)
_EDGES: Final = (
    "\nWhat is asked may stand at the beginning or the end of the whole text, which are:"
    "\n<beginning>\n{beginning}\n</beginning>\n<end>\n{end}\n</end>"
)
_PIECE_MARK: Final = "\n<piece>\n{text}\n</piece>"
_ANSWERS: Final = (
    "The text of this request was too long to be read at once. It was answered piece by piece, and"
    " below are the answers{which} in the order of the text. Give the one answer to what is asked of the whole"
    " text, from these alone. Do not speak of pieces or of partial answers."
)
_SOME: Final = " to some of its pieces"
_ANSWER_MARK: Final = '\n<answer number="{number}">\n{text}\n</answer>'


class Place(NamedTuple):
    """Where the long text stands: the number of the message, and of the part within it."""

    message: int
    part: int


def place_of(request: Request) -> Place | None:
    """The longest text of the user's last turn; None where there is no text."""
    turns = [at for at, message in enumerate(request.messages) if message.role == "user"]
    if not turns:
        return None
    parts = request.messages[turns[-1]].parts
    lengths = [(len(_text(part)), -at) for at, part in enumerate(parts)]
    longest, at = max(lengths, default=(0, 0))
    return Place(turns[-1], -at) if longest else None


def text_at(request: Request, place: Place) -> str:
    """The long text."""
    return _text(request.messages[place.message].parts[place.part])


class Frame:
    """What surrounds each piece, and each set of answers, of one request."""

    def __init__(self, request: Request, place: Place) -> None:
        kept = {**request.kept, "store": False} if request.dialect == "responses" else request.kept
        self._request = replace(request, kept=kept, previous_response_id=None)
        self._place = place
        text = text_at(request, place)
        turn = request.messages[place.message]
        alone = not any(_text(part) for at, part in enumerate(turn.parts) if at != place.part)
        self._edges = ""
        if alone:
            beginning = text[: whole_character(text, EDGE_CHARACTERS)]
            end = text[whole_character(text, len(text) - EDGE_CHARACTERS) :]
            self._edges = _EDGES.format(beginning=beginning, end=end)

    def piece(self, text: str, number: int, pieces: int, bound: int) -> Request:
        """The request about one piece; `number` counts from 1, `bound` is the most tokens of its answer."""
        words = _PIECE.format(number=number, pieces=pieces) + self._edges
        return self._with(words + _PIECE_MARK.format(text=text), bound)

    def some_answers(self, answers: Sequence[str], bound: int) -> Request:
        """The request to make one answer of several, which is itself one of several."""
        return self._with(self._told(answers, _SOME), bound)

    def all_answers(self, answers: Sequence[str]) -> Request:
        """The request for the final answer: bounded and sent as the caller wants it."""
        request = self._request
        whole = self._with(self._told(answers, ""), None)
        return replace(
            whole,
            stream=request.stream,
            include_usage=request.include_usage,
            max_tokens=request.max_tokens,
        )

    def _told(self, answers: Sequence[str], which: str) -> str:
        told = [marked(text, number) for number, text in enumerate(answers, 1)]
        return _ANSWERS.format(which=which) + self._edges + "".join(told)

    def _with(self, text: str, bound: int | None) -> Request:
        messages = list(self._request.messages)
        turn = messages[self._place.message]
        parts = list(turn.parts)
        parts[self._place.part] = _replaced(parts[self._place.part], text)
        messages[self._place.message] = replace(turn, parts=tuple(parts))
        return replace(
            self._request,
            messages=tuple(messages),
            stream=False,
            include_usage=True,
            max_tokens=bound,
        )


def marked(text: str, number: int) -> str:
    """An answer as it stands among others; `number` counts from 1."""
    return _ANSWER_MARK.format(number=number, text=text)


def said(answer: Answer) -> str:
    """The words of an answer."""
    parts = answer.choices[0].parts if answer.choices else ()
    return "".join(part.text for part in parts if isinstance(part, Text | Refusal))


def unfit(request: Request) -> str | None:
    """Why a request cannot be answered in pieces; None: it can."""
    if request.tools:
        return "it offers tools, and a call cannot be put together from pieces"
    if request.n is not None and request.n > 1:
        return "it asks for several answers"
    if "audio" in request.modalities:
        return "it asks for sound"
    return None


def _text(part: Part) -> str:
    if isinstance(part, Text):
        return part.text
    return (part.text or "") if isinstance(part, Document) else ""


def _replaced(part: Part, text: str) -> Part:
    if isinstance(part, Document):
        return replace(part, text=text)
    return Text(text, cache=part.cache) if isinstance(part, Text) else part
