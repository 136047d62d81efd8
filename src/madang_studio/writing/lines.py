"""Lines of a script, apart from it: asked about in calls of a few dozen, and put back under their ids.

Rule: a call's answer has each line that was asked about exactly once. Its order is of no account,
as the ids say which is which.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from madang_studio.gateway import ChatAsk, Said
from madang_studio.writing.conversation import Ask, agree
from madang_studio.writing.draft import NewLine, NewLines, Translation, Translations
from madang_studio.writing.finding import object_in
from madang_studio.writing.judging import Fault, faults_of
from madang_studio.writing.languages import why_not_in
from madang_studio.writing.mending import Notes, mended, without_directions
from madang_studio.writing.schema import for_models, schema_of

LINES_PER_CALL: Final = 40

One = TypeVar("One", NewLine, Translation)
Judge = Callable[[str, tuple[str | int, ...]], Iterator[Fault]]
"""What is wrong with the text of a line at a place."""


class Pass(Struct, frozen=True, kw_only=True):
    """A way to go over lines: who is asked how, and what a good line is. `name` is that of the task.

    `language` is what the answer is written in.
    """

    name: str
    model: str
    system: str
    user: Callable[[Sequence[Mapping[str, str]]], str]
    title: str
    language: str
    judge: Judge
    seed: int | None = None


class Gone(Struct, frozen=True):
    """Lines that were gone over, what was said for them, and how often a model was asked again."""

    lines: dict[str, Any]
    said: tuple[Said, ...]
    repairs: int


def go_over(
    lines: Sequence[Mapping[str, str]],
    record: type[NewLines] | type[Translations],
    rule: Pass,
    ask: Ask,
    folder: Path,
) -> Gone:
    """All lines by id, as `record` has them. Raises BadScript; bad answers stay in `folder`."""
    found: dict[str, Any] = {}
    said: list[Said] = []
    repairs = 0
    schema = schema_of(record)
    for start in range(0, len(lines), LINES_PER_CALL):
        some = lines[start : start + LINES_PER_CALL]
        question = ChatAsk(
            name=f"{rule.name}-{start}" if start else rule.name,
            model=rule.model,
            system=rule.system,
            user=rule.user(some),
            schema=for_models(schema),
            title=f"{rule.title}-{start}" if start else rule.title,
            seed=rule.seed,
        )
        ids = [line["id"] for line in some]
        agreed = agree(ask, question, _reader(record, ids, rule), folder)
        found |= agreed.value
        said += agreed.said
        repairs += agreed.repairs
    return Gone(found, tuple(said), repairs)


def _reader(
    record: type[NewLines] | type[Translations], ids: Sequence[str], rule: Pass
) -> Callable[[str], dict[str, Any] | list[Fault]]:
    schema = schema_of(record)

    def read(text: str) -> dict[str, Any] | list[Fault]:
        found = object_in(text)
        if isinstance(found, Fault):
            return [found]
        tree = mended(found, schema, (), Notes())
        if faults := list(faults_of(tree, schema)):
            return faults
        answered = msgspec.convert(tree, record).lines
        lines = [msgspec.structs.replace(o, text=without_directions(o.text)) for o in answered]
        faults = [*_miscounted([line.id for line in lines], ids)]
        for index, line in enumerate(lines):
            faults += rule.judge(line.text, ("lines", index, "text"))
        if why := why_not_in(rule.language, " ".join(line.text for line in lines)):
            faults.append(Fault(("lines",), f"have text that {why}"))
        return faults or {line.id: line for line in lines}

    return read


def _miscounted(answered: Sequence[str], asked: Sequence[str]) -> Iterator[Fault]:
    counts = Counter(answered)
    if missing := [one for one in asked if one not in counts]:
        yield Fault(("lines",), f"lack {_few(missing)}")
    if unknown := [one for one in counts if one not in asked]:
        yield Fault(("lines",), f"have {_few(unknown)}, which was not asked for")
    if twice := [one for one, count in counts.items() if count > 1]:
        yield Fault(("lines",), f"have {_few(twice)} more than once")


def _few(ids: Sequence[str]) -> str:
    return ", ".join(one[:20] for one in ids[:10]) + (" …" if len(ids) > 10 else "")
