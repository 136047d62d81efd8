"""What a row of the administration's table is, and how what stands behind `?` in its path is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

import msgspec

from madang.errors import InvalidRequest

_EPOCH_YEAR: Final = 1970
_LAST_YEAR: Final = 9999

Q = TypeVar("Q", bound=msgspec.Struct)


@dataclass(frozen=True)
class Operation:
    """One row of the administration: where, what it takes, what it gives.

    `takes` is the record of a body, `query` that of the parameters; `run` gets the one that there
    is. A `run` that returns a response has it sent as it is; `media` is then what it holds.
    `signed`: `run` also gets the id of the key that asks, to note it. `said`: its name and summary in
    the OpenAPI document (None: those of `run`).
    """

    method: str
    path: str
    run: Callable[..., Any]
    gives: Any
    takes: type[msgspec.Struct] | None = None
    status: int = 200
    query: type[msgspec.Struct] | None = None
    media: str = "application/json"
    signed: bool = False
    said: tuple[str, str] | None = None

    @property
    def about(self) -> tuple[str, str]:
        """Its name and summary in the OpenAPI document."""
        return self.said or (self.run.__name__, (self.run.__doc__ or "").strip())


def read_query(given: Mapping[str, str], wanted: type[Q]) -> Q:
    """The parameters as a record. Raises InvalidRequest, also for those that nobody knows."""
    known = {field.encode_name for field in msgspec.structs.fields(wanted)}
    for name in given:
        if name not in known:
            raise InvalidRequest(
                f"There is no parameter `{name[:100]}` here; known: {', '.join(sorted(known))}.",
                param=name[:100],
            )
    try:
        asked = msgspec.convert(dict(given), wanted, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"A parameter is wrong: {error}") from error
    for field in msgspec.structs.fields(wanted):
        value = getattr(asked, field.name)
        if isinstance(value, date):
            check_day(value, field.encode_name)
    return asked


def check_day(day: date, name: str) -> None:
    """Raise InvalidRequest for a day on which nothing can have happened: its neighbours may not be on the calendar."""
    if not _EPOCH_YEAR <= day.year < _LAST_YEAR:
        raise InvalidRequest(
            f"`{name}` must be a day from {_EPOCH_YEAR} on and before {_LAST_YEAR}.", param=name
        )


def parameters(wanted: type[msgspec.Struct]) -> list[dict[str, Any]]:
    """The same record as parameters of an OpenAPI document."""
    schema = msgspec.json.schema(wanted)
    described = next(iter(schema["$defs"].values()))
    return [
        {
            "name": name,
            "in": "query",
            "required": name in described.get("required", ()),
            "schema": _present(shape),
        }
        for name, shape in described["properties"].items()
    ]


def _present(shape: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that is there: what may be null in the record may be left out of the path."""
    kinds = [kind for kind in shape.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else shape
