"""How a text that is too long is to be answered: in which pieces, by how many requests, with how much room for each.

Decided before anybody is asked; no I/O. A piece fits every target that the asked model leads to, by
80 % of its window, so that any of them can answer it. Fallbacks may be smaller, and are passed over
then as they always are.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from madang.errors import InvalidRequest
from madang.model import Request, Target
from madang.pipeline.worst import Step
from madang.routing.route import Route
from madang.wire.bound import LEAST_TOKENS, room_for_thinking
from madang.wire.families import family_of
from madang.wire.map_reduce import Frame, marked, place_of, text_at, unfit
from madang.wire.pieces import Ruler, split
from madang.wire.prompt import estimate_request

FILLED: Final = 0.8
"""So much of a window is used, as the token counts are estimates."""

MOST_PIECES: Final = 100

MOST_PARTIAL_TOKENS: Final = 8192
"""No answer to a piece is longer."""

_PARTIAL_PART: Final = 16
"""Nor longer than this part of the window, so that several fit into one request again."""

_OVERLONG: Final = 2
"""An answer may be so many times longer by our estimate than by its bound."""

_LEAST_ROOM: Final = 256
"""Tokens of a piece: with less, there are more words around the text than text."""

_SLACK: Final = 32
"""Tokens for what adds up to more than its parts: digits of numbers, words that are cut."""


class Window(NamedTuple):
    """A target whose window is known, in tokens."""

    model: str
    tokens: int
    longest: int


class ChunkPlan(NamedTuple):
    """What is to be done. Of one piece: nothing, the request fits as it is.

    `bound` is the most tokens of a partial answer, `room` measures partial answers against what one
    request can take of them, and none may take more than `most_share` of it. `steps` are all
    requests; the last one makes the final answer.
    """

    model: str
    window: int
    pieces: list[str]
    frame: Frame
    bound: int
    room: Ruler
    most_share: float
    steps: list[Step]


def plan_of(request: Request, route: Route, asked: int | None) -> ChunkPlan:
    """Plan a request. `asked` is the caller's bound on the answer.

    Raises InvalidRequest where it cannot be done.
    """
    if (why := unfit(request)) is not None:
        raise _refusal(f"This request cannot be answered in pieces: {why}.", "chunk_unsupported")
    windows = _known(route.targets)
    if not windows:
        raise _refusal(
            "The window of this model is not known, so nothing can be split to fit it;"
            " its `context_window` can be set in the configuration.",
            "window_unknown",
        )
    smallest = min(windows, key=lambda window: window.tokens)
    larger = _known(route.longer.targets) if route.longer is not None else ()
    place = place_of(request)
    if place is None:
        raise _nothing("The last turn of the user has no text to be split.")
    frame = Frame(request, place)
    if any(_holds(window, request, asked) for window in (*windows, *larger)):
        step = Step(estimate_request(request, smallest.model), asked)
        whole = Ruler(((family_of(smallest.model), smallest.tokens),))
        text = text_at(request, place)
        return ChunkPlan(smallest.model, smallest.tokens, [text], frame, 0, whole, 1.0, [step])
    bound = _partial_bound(request, smallest, asked)
    of_text = _ruler(windows, frame.piece("", MOST_PIECES, MOST_PIECES, bound), bound)
    of_answers = _ruler(windows, frame.all_answers(()), _final(asked, smallest))
    share = of_answers.share(marked("", MOST_PIECES)) + _most_share(of_answers, bound)
    if share > 1 / 2:
        raise _nothing("The rest of the request leaves no room to combine answers in.")
    pieces = _split(text_at(request, place), of_text)
    steps = [
        Step(estimate_request(frame.piece(text, n, len(pieces), bound), smallest.model), bound)
        for n, text in enumerate(pieces, 1)
    ]
    steps += _reduce_steps(len(pieces), of_answers, frame, bound, (smallest, share))
    steps[-1] = Step(steps[-1].prompt, asked)
    return ChunkPlan(
        smallest.model, smallest.tokens, pieces, frame, bound, of_answers, share, steps
    )


def grouped(shares: Sequence[float]) -> Iterator[slice]:
    """Answers that go into one request together, in their order; two at least, where each takes up to half of it."""
    begin, taken = 0, 0.0
    for at, share in enumerate(shares):
        if at > begin and taken + share > 1:
            yield slice(begin, at)
            begin, taken = at, 0.0
        taken += share
    if begin < len(shares):
        yield slice(begin, len(shares))


def share_of_answer(plan: ChunkPlan, text: str, number: int) -> float:
    """What an answer takes of the room of the request that combines it with others."""
    return plan.room.share(marked(text, number))


def _known(targets: Sequence[Target]) -> list[Window]:
    """The windows that are known."""
    return [
        Window(one.model, one.context_window, one.max_output or one.context_window)
        for one in targets
        if one.context_window is not None
    ]


def _holds(window: Window, request: Request, asked: int | None) -> bool:
    """Whether the request fits as it is."""
    tokens = estimate_request(request, window.model)
    return tokens + _final(asked, window) <= FILLED * window.tokens


def _final(asked: int | None, window: Window) -> int:
    """Tokens kept free for the final answer."""
    return min(asked or _usual_bound(window), window.longest)


def _usual_bound(window: Window) -> int:
    return max(LEAST_TOKENS, min(window.tokens // _PARTIAL_PART, MOST_PARTIAL_TOKENS))


def _partial_bound(request: Request, window: Window, asked: int | None) -> int:
    """The most tokens of the answer to a piece."""
    bound = min(asked or MOST_PARTIAL_TOKENS, _usual_bound(window), window.longest)
    return max(bound, LEAST_TOKENS, room_for_thinking(request))


def _ruler(windows: Sequence[Window], rest: Request, answer: int) -> Ruler:
    """What is left for texts beside the rest of a request and its answer. Raises InvalidRequest: too little."""
    rooms = []
    for window in windows:
        fixed = estimate_request(rest, window.model) + answer + _SLACK
        room = FILLED * window.tokens - fixed
        if room < _LEAST_ROOM:
            raise _nothing(
                f"Everything but its longest text, with the answer, takes {fixed:,} tokens, and `{window.model}`"
                f" holds {window.tokens:,}. Shorten that, or lower the bound of the answer."
            )
        rooms.append((family_of(window.model), room))
    return Ruler(tuple(rooms))


def _split(text: str, ruler: Ruler) -> list[str]:
    pieces = [] if ruler.share(text) > MOST_PIECES else split(text, ruler.share)
    if not 0 < len(pieces) <= MOST_PIECES:
        raise _refusal(
            f"This text would take more than {MOST_PIECES} pieces. Shorten it, or name a model with a larger window.",
            "too_many_pieces",
        )
    return pieces


def _most_share(room: Ruler, bound: int) -> float:
    """What the longest answer to a piece takes of the room for answers."""
    return max(_OVERLONG * bound / tokens for _, tokens in room.rooms)


def _reduce_steps(
    pieces: int, room: Ruler, frame: Frame, bound: int, most: tuple[Window, float]
) -> Iterator[Step]:
    """The requests that combine answers, if each is as long as it may be."""
    window, share = most
    fixed = estimate_request(frame.all_answers(()), window.model)
    tokens = min(tokens for _, tokens in room.rooms)
    while True:
        groups = list(grouped([share] * pieces))
        for group in groups:
            answers = group.stop - group.start
            yield Step(fixed + int(min(1.0, answers * share) * tokens), bound)
        if len(groups) == 1:
            return
        pieces = len(groups)


def _nothing(message: str) -> InvalidRequest:
    return _refusal(message, "nothing_to_split")


def _refusal(message: str, code: str) -> InvalidRequest:
    return InvalidRequest(message, param="x-madang-chunk", code=code)
