"""Administration under `/api`: a table of operations, from which both the routes and the OpenAPI document are made.

Every operation needs the admin key. Bodies are decoded strictly into records; unknown members are
refused.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from madang.errors import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MadangError,
    MethodNotAllowed,
    NotFound,
)
from madang.keys import Key
from madang.server.administration.accounts import ACCOUNTS
from madang.server.administration.alerts import ALERTS
from madang.server.administration.canaries import CANARIES
from madang.server.administration.comparisons import COMPARISONS
from madang.server.administration.cutovers import CUTOVERS
from madang.server.administration.drills import DRILLS
from madang.server.administration.keys import KEYS
from madang.server.administration.lost_orders import LOST_ORDERS
from madang.server.administration.operation import Operation, parameters, read_query
from madang.server.administration.prices import PRICES
from madang.server.administration.provider_keys import PROVIDER_KEYS
from madang.server.administration.reports import REPORTS
from madang.server.administration.status import STATUS
from madang.server.caller import presented_key
from madang.server.openapi import Operation as Described
from madang.server.openapi import document
from madang.server.process.runtime import Runtime
from madang.wire.json import encode
from madang.wire.registry import WIRES

_MAX_BODY = 1024 * 1024
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


OPERATIONS = (
    *KEYS,
    *PROVIDER_KEYS,
    *STATUS,
    *ALERTS,
    *CANARIES,
    *CUTOVERS,
    *DRILLS,
    *LOST_ORDERS,
    *REPORTS,
    *PRICES,
    *ACCOUNTS,
    *COMPARISONS,
)


def admin_app(runtime: Runtime) -> Router:
    """The ASGI application that serves the table."""
    described = cache(lambda: encode(openapi()))

    async def describe(_: Request) -> Response:
        return _json(await run_in_threadpool(described))

    routes = [Route("/api/openapi.json", describe)]
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    for path, operations in by_path.items():
        routes.append(Route(path, _endpoint(runtime, operations), methods=_METHODS))
    # no redirects: they would lead past the proxy in front, which alone knows our address
    return Router(routes, redirect_slashes=False, default=_nothing_here)


def _endpoint(runtime: Runtime, operations: dict[str, Operation]) -> Callable[..., Any]:
    async def serve(request: Request) -> Response:
        operation = operations.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            return _wrong_method(request.method, operations)
        try:
            key = _authorize(runtime, request)
            body = await _given(request, operation)
            given = request.path_params.get("id", "")
            by = (key.id,) if operation.signed else ()
            result = await run_in_threadpool(operation.run, runtime, given, body, *by)
        except MadangError as error:
            return _refusal(error)
        except ValueError as error:
            return _refusal(InvalidRequest(str(error)))
        if isinstance(result, Response):
            bare = Response(None, result.status_code, media_type=result.media_type)
            return bare if request.method == "HEAD" else result
        return _json(encode(result), operation.status)

    return serve


def _wrong_method(method: str, operations: dict[str, Operation]) -> Response:
    wrong = MethodNotAllowed(f"{method} is not allowed here; use {' or '.join(operations)}.")
    refusal = _refusal(wrong)
    refusal.headers["allow"] = ", ".join(operations)
    return refusal


def _authorize(runtime: Runtime, request: Request) -> Key:
    headers = dict(request.headers.raw)
    key = runtime.keyring.check(presented_key(headers, b"", "chat"), time.time())
    if not key.admin:
        raise Forbidden("Administration needs the admin key.")
    return key


async def _given(request: Request, operation: Operation) -> msgspec.Struct | None:
    if operation.query is not None:
        return read_query(request.query_params, operation.query)
    if operation.takes is None:
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise BodyTooLarge("The request body is larger than 1 MiB.")
    try:
        return msgspec.json.decode(body, type=operation.takes)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The request body is wrong: {error}") from error


async def _nothing_here(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
    await _refusal(NotFound(f"There is nothing at {scope['path'][:200]}."))(scope, receive, send)


def _refusal(error: MadangError) -> Response:
    status_code, body = WIRES["chat"].write_error(error)
    return _json(body, status_code)


def _json(body: bytes, status_code: int = 200) -> Response:
    return Response(body, status_code, media_type="application/json")


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document of all operations, public ones included."""
    types = [row.gives for row in OPERATIONS] + [row.takes for row in OPERATIONS if row.takes]
    shapes, components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    names = {repr(kind): _schema_name(shape) for kind, shape in zip(types, shapes, strict=True)}
    named = {_schema_name(shape): shape for shape in shapes if "$ref" not in shape}
    described = [
        Described(
            at={row.about[0]: row.path},
            summary=row.about[1],
            gives=names[repr(row.gives)],
            takes=names[repr(row.takes)] if row.takes else None,
            query=parameters(row.query) if row.query else [],
            media=row.media,
            method=row.method.lower(),
            status=str(row.status),
            kind="admin",
            error="OpenAIError",
            tag="administration",
        )
        for row in OPERATIONS
    ]
    return document(described, {**components, **named})


def _schema_name(shape: dict[str, Any]) -> str:
    """The name of a record's schema; a list of records has one made of theirs."""
    if "$ref" in shape:
        return str(shape["$ref"]).rpartition("/")[2]
    return f"{_schema_name(shape['items'])}List"
