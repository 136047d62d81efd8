"""Reads the three data files into a `Catalog`.

One rule: a data file is either right or refused, with the file and the row named. Every scalar is
read as text and converted by the type it is for, so a price never passes through a float and a
model may be called `no` or `1e3`.

`models.yaml` and `prices.yaml` are lists of groups. What a group says holds for each of its rows
that does not say otherwise; in a group's `ids`, `<name>` stands for the row's name.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec import Struct, field, structs

from madang.catalog.files import LOADER, text_of
from madang.catalog.index import Catalog
from madang.catalog.rows import CatalogError, Makes, ModelRow, Native, ProviderRow
from madang.model import Feature, PriceRow
from madang.model.price_list import PriceLine, priced

T = TypeVar("T", bound=Struct)

_FILES = ("providers.yaml", "models.yaml", "prices.yaml")


class _Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A level of a data file: unknown keys are mistakes."""


class _ModelLine(_Strict, frozen=True, kw_only=True):
    name: str
    window: int | None = None
    output: int | None = None
    released: date | None = None
    sunset: date | None = None
    can: tuple[Feature, ...] | None = None
    cannot: tuple[Feature, ...] | None = None
    ids: dict[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    source: str | None = None


class _ModelGroup(_Strict, frozen=True, kw_only=True):
    vendor: str
    family: str
    source: str
    models: list[Any]
    api: Native = "chat"
    makes: Makes = "text"
    ids: dict[str, str] = field(default_factory=dict)
    can: tuple[Feature, ...] = ()
    cannot: tuple[Feature, ...] = ()


class _PriceLine(PriceLine, frozen=True, kw_only=True):
    source: str | None = None
    retrieved: date | None = None


class _PriceGroup(_Strict, frozen=True, kw_only=True):
    provider: str
    source: str
    retrieved: date
    prices: list[Any]
    note: str | None = None
    per: dict[str, Decimal] = {}
    service: dict[str, Decimal] = {}
    served: bool = True


@cache
def load() -> Catalog:
    """The catalogue that comes with Madang: read once by a process, as nobody can change it."""
    return parse(*map(text_of, _FILES))


def parse(providers: str, models: str, prices: str) -> Catalog:
    """A catalogue from the texts of its files. Raises CatalogError that names file and row."""
    return Catalog(
        _rows(_FILES[0], providers, _providers_of),
        _rows(_FILES[1], models, _models_of),
        _rows(_FILES[2], prices, _prices_of),
    )


def _rows(file: str, text: str, read: Callable[[Any], Iterator[T]]) -> Iterator[T]:
    try:
        document = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        raise CatalogError(f"{file} is not YAML: {error}") from error
    if not isinstance(document, yaml.SequenceNode):
        raise CatalogError(f"{file}: the top level must be a list")
    for number, node in enumerate(document.value, 1):
        raw = None
        try:
            raw = _plain(node)
            yield from read(raw)
        except ValueError as error:
            raise CatalogError(f"{file}: {_place(raw, number)}: {error}") from error


def _plain(node: yaml.Node) -> Any:  # noqa: ANN401 - text, and lists and mappings of it
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    mapping = {str(key.value): _plain(value) for key, value in node.value}
    if len(mapping) < len(node.value):
        raise CatalogError(f"a key is there twice on line {node.start_mark.line + 1}")
    return mapping


def _providers_of(raw: Any) -> Iterator[ProviderRow]:  # noqa: ANN401 - what YAML says, unchecked
    yield _convert(raw, ProviderRow)


def _models_of(raw: Any) -> Iterator[ModelRow]:  # noqa: ANN401 - what YAML says, unchecked
    group = _convert(raw, _ModelGroup)
    for number, raw_line in enumerate(group.models, 1):
        try:
            line = _convert(raw_line, _ModelLine)
        except ValueError as error:
            raise CatalogError(f"{_place(raw_line, number)}: {error}") from error
        ids = {at: name.replace("<name>", line.name) for at, name in group.ids.items()}
        can, cannot = _features(group, line)
        yield ModelRow(
            name=line.name,
            vendor=group.vendor,
            family=group.family,
            source=line.source or group.source,
            api=group.api,
            makes=group.makes,
            ids=ids | line.ids,
            aliases=line.aliases,
            snapshots=line.snapshots,
            context_window=line.window,
            max_output=line.output,
            released=line.released,
            sunset=line.sunset,
            features=can,
            lacks=cannot,
        )


def _features(
    group: _ModelGroup, line: _ModelLine
) -> tuple[tuple[Feature, ...], tuple[Feature, ...]]:
    """What a model can and cannot do: its own words, else its group's as far as they do not contradict them."""
    can = line.can if line.can is not None else group.can
    cannot = line.cannot if line.cannot is not None else group.cannot
    both = set(can) & set(cannot)
    if both and (line.can is None) is (line.cannot is None):
        raise CatalogError(f"{line.name}: `{min(both)}` is in `can` and in `cannot`")
    if line.cannot is not None:
        return tuple(one for one in can if one not in cannot), cannot
    return can, tuple(one for one in cannot if one not in can)


def _prices_of(raw: Any) -> Iterator[PriceRow]:  # noqa: ANN401 - what YAML says, unchecked
    group = _convert(raw, _PriceGroup)
    for number, raw_line in enumerate(group.prices, 1):
        try:
            yield _price(group, _convert(raw_line, _PriceLine))
        except ValueError as error:
            raise CatalogError(f"{_place(raw_line, number)}: {error}") from error


def _price(group: _PriceGroup, line: _PriceLine) -> PriceRow:
    if group.per:
        line = structs.replace(line, per=group.per | line.per)
    if line.service is None:
        line = structs.replace(line, service=dict(group.service))
    return priced(
        line,
        provider=group.provider,
        source=line.source or group.source,
        retrieved=line.retrieved or group.retrieved,
        note=line.note or group.note,
        served=group.served,
    )


def _convert(raw: Any, kind: type[T]) -> T:  # noqa: ANN401 - what YAML says, unchecked
    return msgspec.convert(raw, kind, strict=False)


def _place(raw: Any, number: int) -> str:  # noqa: ANN401 - what YAML says, unchecked
    known = raw if isinstance(raw, dict) else {}
    name = known.get("name") or known.get("model") or known.get("provider") or known.get("vendor")
    return f"row {number} ({name})" if name else f"row {number}"
