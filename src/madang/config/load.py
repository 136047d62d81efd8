"""From a file to settings: text → tree → shape → rules. All that is wrong is reported at once."""

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

import msgspec
from msgspec import structs

from madang.config import rules
from madang.config.measured import measured_fault
from madang.config.parsing import shape, tree
from madang.config.problems import ConfigError, Problem, spell
from madang.config.scorer import load_scorer
from madang.config.sections.models import Model
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
    """The settings of a file and of those that it names, or the defaults (None). Raises ConfigError."""
    settings = load_alone(path, environ)
    return settings if path is None else complete(settings, path)


def complete(settings: Settings, path: Path) -> Settings:
    """The settings of the file at `path`, with what the files hold that it names. Raises ConfigError."""
    semantic = settings.cache.semantic if settings.cache is not None else None
    if semantic is not None and (fault := measured_fault(semantic, path.parent)) is not None:
        raise ConfigError(str(path), (Problem("cache.semantic.measured", fault),))
    models = {name: _with_scorer(name, model, path) for name, model in settings.models.items()}
    return structs.replace(settings, models=models)


def load_alone(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of a file; those that it names are not looked at. Raises ConfigError, also when unreadable."""
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
    return parse(text, environ, str(path))


def scorer_files(models: Mapping[str, Model], base: Path) -> tuple[Path, ...]:
    """The files that models name, whether or not they are there."""
    refs = (model.scorer for model in models.values() if model.scorer is not None)
    return tuple(base / (ref if isinstance(ref, str) else ref.file) for ref in refs)


def _with_scorer(name: str, model: Model, path: Path) -> Model:
    """A model with the scorer that it names, read. Raises ConfigError."""
    if model.scorer is None:
        return model
    found = load_scorer(model.scorer, path.parent)
    if isinstance(found, str):
        raise ConfigError(str(path), (Problem(spell(("models", name, "scorer")), found),))
    return structs.replace(model, scorer=found)


def _first_of_each_path(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Of several problems with one setting only the first found: it causes the rest."""
    first: dict[tuple[str, int | None], Problem] = {}
    for problem in problems:
        first.setdefault((problem.path, None if problem.path else problem.line), problem)
    return tuple(first.values())
