"""Asking a model until its answer can be used: once, and at most twice more, told what was wrong.

Rule: an answer that was paid for and could not be used is kept as a file beside what is made.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from madang_studio.errors import BadScript
from madang_studio.gateway import ChatAsk, Said
from madang_studio.programs.disk import writing
from madang_studio.writing.judging import Fault

Ask = Callable[[ChatAsk], Said]
"""Asks a model once (`gateway.Door.chat`). Raises Refused, Unavailable or OverBudget."""

MOST_REPAIRS: Final = 2
_MOST_TOLD: Final = 20
_MOST_REPEATED: Final = 20_000

Good = TypeVar("Good")


class Agreed(Struct, Generic[Good], frozen=True):
    """What came of it, and everything that was said on the way; the last answer is the one used."""

    value: Good
    said: tuple[Said, ...]

    @property
    def repairs(self) -> int:
        """How often the model had to be asked again."""
        return len(self.said) - 1


def agree(
    ask: Ask, question: ChatAsk, read: Callable[[str], Good | list[Fault]], folder: Path
) -> Agreed[Good]:
    """Ask until `read` finds no fault. Raises BadScript; answers that were refused stay in `folder`."""
    said: list[Said] = []
    now = question
    while True:
        said.append(ask(now))
        value = read(said[-1].text)
        if not isinstance(value, list):
            return Agreed(value, tuple(said))
        _keep(folder, f"{question.title}-answer-{len(said)}.txt", said[-1].text)
        if len(said) > MOST_REPAIRS:
            raise BadScript(_given_up(question, said[-1], value))
        now = _repair(question, said[-1].text, value, len(said))


def _repair(question: ChatAsk, answer: str, faults: Sequence[Fault], number: int) -> ChatAsk:
    told = "\n".join(f"- {fault}" for fault in faults[:_MOST_TOLD])
    more = len(faults) - _MOST_TOLD
    user = (
        f"{question.user}\n\n# Your last answer\n{answer[:_MOST_REPEATED]}\n\n"
        f"# What is wrong with it\n{told}\n{f'- and {more} more' if more > 0 else ''}\n\n"
        "Answer again with the whole JSON object, put right; keep what was not wrong."
    )
    name = f"{question.name}-repair-{number}"
    return msgspec.structs.replace(question, user=user, name=name)


def _given_up(question: ChatAsk, last: Said, faults: Sequence[Fault]) -> str:
    shown = "; ".join(str(fault) for fault in faults[:3])
    return (
        f"{last.model or question.model} could not write a {question.title} that can be used, asked "
        f"{MOST_REPAIRS + 1} times: {shown}. Change the theme or the seed, or have {question.model} done by "
        "another model (`tasks` in the gateway's madang.yaml)."
    )


def _keep(folder: Path, name: str, text: str) -> None:
    with writing(folder):
        (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
