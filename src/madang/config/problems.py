"""What is wrong with a configuration, said so that it can be repaired.

One rule: a message says what was expected and what to do, and never repeats a value that could be a
secret.
"""

import re

from msgspec import Struct

Path = tuple[str | int, ...]
"""Where a setting stands: keys of mappings and 0-based indexes of lists, from the top."""

Fault = tuple[Path, str]
"""Where a setting stands, and what is wrong with it."""

_SHOWN_PROBLEMS = 25
_MAX_SHOWN_KEY = 64
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@-]*")


class Problem(Struct, frozen=True):
    """One thing to repair.

    `path` is spelled as in `models.gpt-4.1.targets[0].weight` (empty: the whole file), `line` is
    1-based (None: unknown).
    """

    path: str
    message: str
    line: int | None = None


class ConfigError(Exception):
    """The configuration cannot be used. `problems`: at least one, in the order of the file."""

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(source, problems)
        self.source = source
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))

    def __str__(self) -> str:
        shown = self.problems[:_SHOWN_PROBLEMS]
        lines = [self._headline(), *(f"  {self._line(problem)}" for problem in shown)]
        if len(self.problems) > len(shown):
            lines.append(f"  … and {len(self.problems) - len(shown)} more")
        return "\n".join(lines)

    def _headline(self) -> str:
        count = len(self.problems)
        return f"{self.source} cannot be used: {count} problem{'s' if count != 1 else ''}"

    def _line(self, problem: Problem) -> str:
        place = self.source if problem.line is None else f"{self.source}:{problem.line}"
        return ": ".join(part for part in (place, problem.path, problem.message) if part)


def spell(path: Path) -> str:
    """A path as people write it: `models.gpt-4.1.targets[0].weight`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{show(step)}" if text else show(step)
    return text


def show(key: str) -> str:
    """A key as it may be shown: whole when it is a plain word, else its beginning.

    `{api_key:sk-…}` without the space is a *key* to YAML, and must not end up in a log.
    """
    word = _WORD.match(key)
    if word is None:
        return "…"
    return key if word.end() == len(key) <= _MAX_SHOWN_KEY else f"{word[0][:_MAX_SHOWN_KEY]}…"
