"""Rows into an OpenAPI 3.1 document."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct, field

from madang import __version__

Json = dict[str, Any]
Kind = Literal["generate", "make", "count", "read", "list", "query", "plain", "admin"]
"""What an operation does, as far as it decides how it may refuse."""

_ABOUT = "about"
_PUBLIC = (
    "chat",
    "responses",
    "completions",
    "messages",
    "gemini",
    "embeddings",
    "media",
    "reading",
    "hooks",
)
_JSON = "application/json"
_FORM = "multipart/form-data"
_EVENTS = "text/event-stream"
_OPTIONS = (
    "tags",
    "deadline",
    "priority",
    "task",
    "prefer",
    "session",
    "arm",
    "lossy",
    "continue",
    "cache",
    "idempotency",
)
_MAKING = ("tags", "deadline", "priority", "idempotency")
_RETRIED = ("429", "503", "529")
_RETRY_AFTER = {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Operation(Struct, forbid_unknown_fields=True, kw_only=True):
    """One row. `at`: paths by operation id, several where an operation has several addresses.

    `takes`, `form`, `gives` and `streams` name schemas: of the body as JSON and as a form, of a whole
    answer, of one event of a stream. `parameters`: of `about.yaml`, beside those that the kind and the path bring.
    `query`: other parameters, whole. `otherwise`: statuses that say no error, but `gives` another
    answer of the same shape. `error`, `tag` and `key_in_query`, where they are not given, are those
    of the file.
    """

    at: dict[str, str]
    summary: str
    gives: str
    method: str = "post"
    kind: Kind = "generate"
    status: str = "200"
    takes: str | None = None
    form: str | None = None
    streams: str | None = None
    media: str = _JSON
    parameters: tuple[str, ...] = ()
    query: list[Json] = field(default_factory=list)
    otherwise: dict[str, str] = field(default_factory=dict)
    error: str = ""
    tag: str = ""
    key_in_query: bool = False


class _Dialect(Struct, forbid_unknown_fields=True):
    """One file. `types` holds what its schemas refer to by YAML's anchors."""

    error: str
    tag: str
    operations: list[Operation]
    schemas: dict[str, Json]
    types: list[Json] = field(default_factory=list)
    more_statuses: tuple[str, ...] = ()
    key_in_query: bool = False


class _About(Struct, forbid_unknown_fields=True):
    """What all operations share."""

    info: Json
    tags: list[Json]
    security_schemes: dict[str, Json]
    parameters: dict[str, Json]
    headers: dict[str, Json]
    statuses: dict[str, str]
    refusals: dict[Kind, tuple[str, ...]]
    schemas: dict[str, Json]


def document(administration: Sequence[Operation], schemas: Mapping[str, Json]) -> Json:
    """The whole document: the public operations, and those of the administration with their schemas."""
    about: _About = _read(_ABOUT, _About)
    paths: dict[str, Json] = {}
    found = {**about.schemas, **schemas}
    for name in _PUBLIC:
        dialect: _Dialect = _read(name, _Dialect)
        found |= dialect.schemas
        for operation in dialect.operations:
            operation.error = operation.error or dialect.error
            operation.tag = operation.tag or dialect.tag
            operation.key_in_query = operation.key_in_query or dialect.key_in_query
            _add(paths, about, operation, dialect.more_statuses)
    for operation in administration:
        _add(paths, about, operation, ())
    return {
        "openapi": "3.1.0",
        "info": {**about.info, "version": __version__},
        "tags": about.tags,
        "paths": paths,
        "components": {
            "schemas": found,
            "parameters": about.parameters,
            "headers": {**about.headers, "retry-after": _RETRY_AFTER},
            "securitySchemes": about.security_schemes,
        },
        "security": _keys(about, in_query=False),
    }


def _read(name: str, kind: type[Any]) -> Any:  # noqa: ANN401 - of the kind that is asked for
    text = files(__package__).joinpath(f"{name}.yaml").read_text("utf-8")
    return msgspec.convert(yaml.load(text, Loader=_Loader), kind)  # noqa: S506 - a safe one


def _add(
    paths: dict[str, Json], about: _About, operation: Operation, statuses: tuple[str, ...]
) -> None:
    described = _described(about, operation, (*about.refusals[operation.kind], *statuses))
    for name, path in operation.at.items():
        own = {"operationId": name, **described}
        places = [_place(one) for one in re.findall(r"\{(\w+)\}", path)]
        if places:
            own["parameters"] = [*places, *described.get("parameters", ())]
        paths.setdefault(path, {})[operation.method] = own


def _described(about: _About, operation: Operation, refusals: tuple[str, ...]) -> Json:
    """An operation, apart from its id and what its path brings."""
    described: Json = {"summary": operation.summary, "tags": [operation.tag]}
    if operation.kind == "plain":
        described["security"] = []
    elif operation.key_in_query:
        described["security"] = _keys(about, in_query=True)
    parameters = (
        *operation.parameters,
        *(_OPTIONS if operation.takes and _asks(operation) else ()),
        *(_MAKING if operation.kind == "make" else ()),
    )
    if parameters or operation.query:
        shared = [_ref("parameters", name) for name in parameters]
        described["parameters"] = [*shared, *operation.query]
    bodies = {_JSON: operation.takes, _FORM: operation.form}
    content = [_content(media, schema) for media, schema in bodies.items() if schema]
    if content:
        described["requestBody"] = {
            "required": True,
            "content": {media: schema for one in content for media, schema in one.items()},
        }
    error = partial(_refusal, operation.error)
    described["responses"] = {
        operation.status: _success(about, operation),
        **{
            status: {"description": text, "content": _content(operation.media, operation.gives)}
            for status, text in operation.otherwise.items()
        },
        **{status: error(status, about.statuses[status]) for status in sorted(refusals)},
    }
    return described


def _success(about: _About, operation: Operation) -> Json:
    success: Json = {
        "description": operation.summary,
        "content": _content(operation.media, operation.gives),
    }
    if operation.streams:
        # OpenAPI 3.1 has no word for the schema of one event
        success["content"][_EVENTS] = {"x-event": _ref("schemas", operation.streams)}
    names: Sequence[str] = ()
    if operation.kind == "generate":
        names = tuple(about.headers)
    elif operation.kind in ("count", "make"):
        names = ("x-request-id",)
    if names:
        success["headers"] = {name: _ref("headers", name) for name in names}
    return success


def _refusal(schema: str, status: str, description: str) -> Json:
    refusal: Json = {"description": description, "content": _content(_JSON, schema)}
    if status in _RETRIED:
        refusal["headers"] = {"retry-after": _ref("headers", "retry-after")}
    return refusal


def _asks(operation: Operation) -> bool:
    """Whether an operation asks a model, and so heeds Madang's own request headers."""
    return operation.kind in ("generate", "count")


def _keys(about: _About, *, in_query: bool) -> list[dict[str, list[str]]]:
    """The ways to present a key, any one of which will do."""
    schemes = about.security_schemes.items()
    return [{name: []} for name, scheme in schemes if in_query or scheme.get("in") != "query"]


def _place(name: str) -> Json:
    """The parameter that stands in a path. A model's name may hold slashes."""
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _content(media: str, schema: str) -> Json:
    return {media: {"schema": _ref("schemas", schema)}}


def _ref(room: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{room}/{name}"}
