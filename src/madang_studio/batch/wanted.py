"""What is wanted, as people write it down: a brief in YAML, or a batch of them in YAML or CSV.

Rule: everything is read and judged before anything is begun; a fault names its file and place.
"""

import csv
import hashlib
import io
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, cast

import msgspec
import yaml
from msgspec import Meta, Struct

from madang_studio.errors import BadScript
from madang_studio.model.brief import Brief
from madang_studio.store import Project
from madang_studio.writing.genres import genre_of
from madang_studio.writing.judging import faults_of
from madang_studio.writing.schema import Schema, schema_of

MOST_BYTES: Final = 4_000_000
MOST_DRAMAS: Final = 10_000
_MOST_FAULTS: Final = 20
_NUSD: Final = 1_000_000_000
_LISTS: Final = frozenset({"captions", "exports", "gates"})

T = TypeVar("T")

Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$(?!\n)",
        description="up to 64 Latin letters, digits, - and _",
    ),
]
"""Of batches and dramas: part of paths and addresses."""


class Wanted(Struct, frozen=True):
    """A drama of a batch, under the name by which it is found again when the file is read again."""

    name: str
    brief: Brief


class WantedBatch(Struct, frozen=True):
    """A batch as a file has it. `budget_nusd` None: no limit."""

    name: str
    budget_nusd: int | None
    dramas: tuple[Wanted, ...]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    dramas: Annotated[list[Any], Meta(min_length=1, max_length=MOST_DRAMAS)]
    name: Name | None = None
    budget_usd: Annotated[float, Meta(gt=0, le=10_000_000)] | None = None
    defaults: dict[str, Any] = {}


def read_brief(path: Path) -> Brief:
    """The brief in a YAML file. Raises BadScript."""
    return brief_of(_yaml(_text(path), path.name), path.name)


def brief_of(fields: Any, where: str = "brief") -> Brief:  # noqa: ANN401 - as it was read
    """The brief that fields make; lists may be words with commas between them. Raises BadScript.

    Most people watch without sound: where nothing is said of captions, the spoken language is burned in,
    and there are files in English; `none` says that there are none.
    """
    if not isinstance(fields, Mapping):
        raise BadScript(f"{where}: a brief has fields, at least `theme: …`.")
    usual = {"burned": fields.get("language") or "en", "captions": "en"}
    told = {str(name): _listed(str(name), value) for name, value in {**usual, **fields}.items()}
    brief = _judged({name: it for name, it in told.items() if it is not None}, Brief, where)
    try:
        genre_of(brief.genre)
    except BadScript as error:
        raise BadScript(f"{where}: {error}") from error
    return brief


def want_otherwise(project: Project, drama: str, changes: Mapping[str, str | None]) -> None:
    """Change some fields of a drama's brief (None: as it is). Raises StudioError, BadScript."""
    told = {name: value for name, value in changes.items() if value is not None}
    if told:
        old = msgspec.to_builtins(project.dramas.get(drama).brief)
        project.dramas.change(drama, brief=brief_of({**old, **told}, "resume"))


def read_batch(path: Path) -> WantedBatch:
    """The batch in a file: CSV if it ends in .csv, else YAML. Raises BadScript with every fault."""
    text = _text(path)
    if path.suffix.lower() == ".csv":
        rows = dict(_rows(text, path.name))
        return batch_of({"dramas": list(rows.values())}, path.stem, path.name, list(rows))
    return batch_of(_yaml(text, path.name), path.stem, path.name)


def batch_of(
    fields: Any,  # noqa: ANN401 - as it was read
    stem: str,
    where: str = "batch",
    lines: Sequence[int] = (),
) -> WantedBatch:
    """The batch that fields make; `stem` names it where they do not. Raises BadScript with every fault.

    `lines`: in which line of a file each drama stands, where that is known.
    """
    if isinstance(fields, list):
        fields = {"dramas": fields}
    file = _judged(fields, _File, where)
    name = file.name or _judged(stem, Name, f"{where}: the name of the batch")
    faults: list[str] = []
    found: dict[str, Wanted] = {}
    for number, (entry, line) in enumerate(zip(file.dramas, lines or repeat(0), strict=False), 1):
        spot = f"{where}, line {line}" if line else f"{where}, drama {number}"
        try:
            one = _entry(entry, file.defaults, name, spot)
            _only_once(entry, one, found, spot)
        except BadScript as error:
            faults += str(error).splitlines()
            continue
        label = _free(one.name, found)
        found[label] = Wanted(label, one.brief)
    if faults:
        more = len(faults) - _MOST_FAULTS
        rest = [f"… and {more} more"] if more > 0 else []
        raise BadScript("\n".join([*faults[:_MOST_FAULTS], *rest]))
    budget = None if file.budget_usd is None else round(file.budget_usd * _NUSD)
    return WantedBatch(name, budget, tuple(found.values()))


def _entry(entry: Any, defaults: Mapping[str, Any], batch: str, where: str) -> Wanted:  # noqa: ANN401
    if isinstance(entry, str):
        entry = {"theme": entry}
    if not isinstance(entry, Mapping):
        raise BadScript(f"{where}: a theme is needed here, or fields with one.")
    fields = {**defaults, **entry}
    identity = fields.pop("id", None)
    brief = brief_of(fields, where)
    if identity is None:
        data = msgspec.json.encode(brief, order="deterministic")
        return Wanted(f"{batch}-{hashlib.sha256(data).hexdigest()[:8]}", brief)
    return Wanted(f"{batch}-{_judged(str(identity), Name, f'{where}: id')}", brief)


def _only_once(entry: object, one: Wanted, found: Mapping[str, Wanted], where: str) -> None:
    """Raise BadScript for an id that another drama has: which of them it meant would change with their order."""
    if isinstance(entry, Mapping) and entry.get("id") is not None and one.name in found:
        raise BadScript(f"{where}: id {entry['id']!r} is there already: every drama has its own.")


def _judged(fields: Any, record: type[T], where: str) -> T:  # noqa: ANN401 - as it was read
    """The record that fields make. Raises BadScript with every fault."""
    if faults := list(faults_of(fields, _schema(cast("Hashable", record)))):
        told = (f": {fault}" if fault.place else f" {fault.words}" for fault in faults)
        raise BadScript("\n".join(f"{where}{words}" for words in told))
    try:
        return msgspec.convert(fields, record)
    except msgspec.ValidationError as error:
        raise BadScript(f"{where}: {error}") from error


@cache
def _schema(record: Hashable) -> Schema:
    """Made once: a batch has thousands of briefs."""
    return schema_of(record)


def _free(name: str, taken: Mapping[str, Wanted]) -> str:
    """The name, or with a number where the same drama is wanted several times."""
    numbered = (name if number == 1 else f"{name}-{number}" for number in range(1, MOST_DRAMAS + 2))
    return next(each for each in numbered if each not in taken)


def _rows(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each drama of a table, by the line where it ends. Spreadsheets part columns by commas, semicolons or tabs."""
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    try:
        columns = [cell.strip().lower() for cell in next(rows, [])]
        if "theme" not in columns:
            raise BadScript(f"{name}: the first row names the columns; one of them is `theme`.")
        if twice := {column for column in columns if column and columns.count(column) > 1}:
            raise BadScript(f"{name}: the column `{min(twice)}` is there twice.")
        for row in rows:
            if any(row[len(columns) :]):
                raise BadScript(
                    f"{name}, line {rows.line_num}: more cells than columns; what has a comma in it "
                    "stands in quotation marks."
                )
            cells = {key: cell.strip() for key, cell in zip(columns, row, strict=False)}
            if any(cells.values()):
                yield rows.line_num, {key: _plain(key, it) for key, it in cells.items() if it}
    except csv.Error as error:
        raise BadScript(f"{name}, line {rows.line_num}: {error}.") from error


def _plain(name: str, text: str) -> object:
    """A cell as what its column holds; what is no number is left for the judge of briefs."""
    try:
        if name in ("minutes", "budget_usd"):
            return float(text)
        return int(text) if name == "seed" else text
    except ValueError:
        return text


def _listed(name: str, value: object) -> object:
    if value == "none" and name in ("burned", "captions"):
        return None
    if name in _LISTS and isinstance(value, str):
        return [part.strip() for part in value.replace(";", ",").split(",") if part.strip()]
    return value


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadScript(f"{path} has more than {MOST_BYTES:,} bytes.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadScript(f"There is no file {path}.") from None
    except UnicodeDecodeError as error:
        raise BadScript(
            f"{path} is no UTF-8 text: save it as UTF-8 (in Excel: “CSV UTF-8”)."
        ) from error
    except OSError as error:
        raise BadScript(f"{path} cannot be read: {error.strerror}.") from error


def _yaml(text: str, name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """Without aliases, by which a short file becomes an endless tree."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise BadScript(f"{name}: aliases (*name) are not possible here.")
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise BadScript(f"{name}{line}: {error.problem or error}.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadScript(f"{name} cannot be read: {' '.join(str(error).split())}.") from error
