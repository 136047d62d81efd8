"""From a file to settings: text → tree → shape → rules. All that is wrong is reported at once."""

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

import msgspec

from madang.config import rules, shape, tree
from madang.config.measured import measured_fault
from madang.config.problems import ConfigError, Problem, spell
from madang.config.settings import Settings

_BOM = "\ufeff"


def parse(text: str, environ: Mapping[str, str], source: str = "madang.yaml") -> Settings:
    """The settings that `text` describes. Raises ConfigError, and nothing else."""
    root, unread = tree.read(text.removeprefix(_BOM), environ, source)
    plain, unfit = shape.fit(root, Settings)
    settings = msgspec.convert(plain, Settings, strict=True)
    broken = [
        Problem(spell(path), fault, root.line_of(path)) for path, fault in rules.faults(settings)
    ]
    problems = _first_of_each_path(chain(unread, unfit, broken))
    if problems:
        raise ConfigError(source, problems)
    return settings


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of a file, or the defaults (None). Raises ConfigError, also when unreadable."""
    if path is None:
        return Settings()
    try:
        with path.open("rb") as file:
            content = file.read(tree.MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise ConfigError(str(path), (Problem("", f"cannot read the file: {reason}"),)) from None
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(str(path), (Problem("", "not UTF-8 text", line),)) from None
    settings = parse(text, environ, str(path))
    semantic = settings.cache.semantic if settings.cache is not None else None
    if semantic is not None and (fault := measured_fault(semantic, path.parent)) is not None:
        raise ConfigError(str(path), (Problem("cache.semantic.measured", fault),))
    return settings


def _first_of_each_path(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Of several problems with one setting only the first found: it causes the rest."""
    first: dict[tuple[str, int | None], Problem] = {}
    for problem in problems:
        first.setdefault((problem.path, None if problem.path else problem.line), problem)
    return tuple(first.values())
