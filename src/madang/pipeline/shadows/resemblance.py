"""How alike two answers are, said by simple measures, and what they are measured by: text, stop and tools, not kept."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from madang.model import ChoiceEnded, Event, Part, PartStarted, Stop, Text, TextDelta, ToolCall
from madang.wire.contract import AnyWire

_COMPARED_CHARS: Final = 20_000
_GRAM: Final = 3


class Said(NamedTuple):
    """The first alternative of an answer: its text, why it ended, and the tools that it calls, in order."""

    text: str
    stop: Stop | None
    tools: tuple[str, ...]


def read_said(wire: AnyWire, body: bytes, *, streamed: bool) -> Said:
    """What an answer in a dialect says. Raises ProviderError for one that is none."""
    if streamed:
        reader = wire.stream_reader()
        return _of_events([*reader.feed(body), *reader.close()])
    answer = wire.read_answer(body)
    parts = answer.choices[0].parts if answer.choices else ()
    return Said("".join(_texts(parts)), answer.stop, tuple(_tools(parts)))


def likeness(one: str, other: str) -> float | None:
    """Dice's coefficient of the texts' groups of three characters, 0 to 1; None: neither has any text.

    Case and the kind of white space do not count, nor what lies beyond 20,000 characters. It needs no
    words, and so measures Korean or Chinese as it does English.
    """
    grams, others = _grams(one), _grams(other)
    total = grams.total() + others.total()
    return 2 * (grams & others).total() / total if total else None


def _grams(text: str) -> Counter[str]:
    plain = " ".join(text[:_COMPARED_CHARS].casefold().split())
    if len(plain) < _GRAM:
        return Counter([plain] if plain else [])
    return Counter(plain[at : at + _GRAM] for at in range(len(plain) - _GRAM + 1))


def _of_events(events: Iterable[Event]) -> Said:
    texts: list[str] = []
    tools: list[str] = []
    stop: Stop | None = None
    open_text = False
    for event in events:
        if isinstance(event, PartStarted) and event.choice == 0:
            open_text = isinstance(event.part, Text)
            texts += _texts((event.part,))
            tools += _tools((event.part,))
        elif isinstance(event, TextDelta) and event.choice == 0 and open_text:
            texts.append(event.text)
        elif isinstance(event, ChoiceEnded) and event.choice == 0:
            stop = event.stop
    return Said("".join(texts), stop, tuple(tools))


def _texts(parts: Iterable[Part]) -> Iterable[str]:
    return (part.text for part in parts if isinstance(part, Text))


def _tools(parts: Iterable[Part]) -> Iterable[str]:
    return (part.name for part in parts if isinstance(part, ToolCall))
