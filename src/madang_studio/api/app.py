"""The application: routes of the table, the key, bounds on what comes in, and failures in one shape."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, get_args

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from madang_studio.api.desk import PATH, Conflict, Desk, NotThere
from madang_studio.api.document import document
from madang_studio.api.events import Readers, TooMany
from madang_studio.api.keys import AdminKey
from madang_studio.api.operations import OPERATIONS, Operation
from madang_studio.api.words import Failure, Problem
from madang_studio.batch.delivery import files_of
from madang_studio.errors import MissingTool, NoRoom, NotOffered, StudioError, Unavailable
from madang_studio.runner import Preflight
from madang_studio.store import Project
from madang_studio.store.dramas import State
from madang_studio.writing.judging import faults_of
from madang_studio.writing.schema import schema_of

MOST_BODY_BYTES: Final = 4_000_000
OPEN: Final = frozenset({f"{PATH}/openapi.json"})
"""What needs no key."""

_STATUS: Final[Mapping[type[StudioError], int]] = {
    NotThere: 404,
    Conflict: 409,
    NotOffered: 422,
    MissingTool: 422,
    NoRoom: 507,
    Unavailable: 503,
    TooMany: 429,
}
_JSON: Final = "application/json"
_MOST_FAULTS: Final = 20


class Malformed(StudioError):
    """A request that cannot be read."""

    code = "bad_request"


class TooLarge(StudioError):
    """A body over the bound."""

    code = "too_large"


def application(project: Project, key: AdminKey, preflight: Preflight | None = None) -> Starlette:
    """The studio of a project over HTTP. Nothing but its own document is answered without the key."""
    desk = Desk(project, preflight)
    routes = [Route(it.path, _endpoint(it, desk), methods=[it.method]) for it in OPERATIONS]
    routes += [
        Route(f"{PATH}/dramas/{{drama}}/files/{{name}}", _file(desk), methods=["GET"]),
        Route(f"{PATH}/events", _events(project), methods=["GET"]),
        Route(f"{PATH}/openapi.json", _document(), methods=["GET"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_Guard, key=key)],
        exception_handlers={StudioError: _failed, HTTPException: _refused},
    )


class _Guard:
    """Lets nobody in without the key, and says so before anything else is looked at."""

    def __init__(self, app: ASGIApp, key: AdminKey) -> None:
        self._app, self._key = app, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        guarded = scope["type"] == "http" and scope["path"] not in OPEN
        if guarded and not self._key.opens(_key_in(Request(scope))):
            words = "The studio's key is needed: Authorization: Bearer, or x-api-key."
            response = _failure(401, "unauthorized", words)
            response.headers["www-authenticate"] = "Bearer"
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _key_in(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    bearer = key.strip() if scheme.lower() == "bearer" else ""
    return bearer or request.headers.get("x-api-key", "")


Endpoint = Callable[[Request], Awaitable[Response]]


def _endpoint(operation: Operation, desk: Desk) -> Endpoint:
    async def answer(request: Request) -> Response:
        given: list[Any] = [*request.path_params.values()]
        if operation.takes is not None:
            given.append(_decoded(await _body(request), operation.takes))
        query = _query(request, operation)
        done = await run_in_threadpool(operation.does, desk, *given, **query)
        return Response(msgspec.json.encode(done), operation.status, media_type=_JSON)

    return answer


def _query(request: Request, operation: Operation) -> dict[str, str]:
    """The parameters of a query that an operation knows; an unknown one is a mistake, not a wish to ignore."""
    if unknown := request.query_params.keys() - set(operation.query):
        raise Malformed(f"There is no parameter {min(unknown)}.")
    state = request.query_params.get("state")
    if state is not None and state not in get_args(State):
        raise Malformed(f"state is one of {', '.join(get_args(State))}.")
    return dict(request.query_params)


def _file(desk: Desk) -> Endpoint:
    """Films, captions and the package, by names that the studio made: never by a path."""

    async def answer(request: Request) -> Response:
        drama, name = request.path_params["drama"], request.path_params["name"]
        await run_in_threadpool(desk.show, drama)
        found = await run_in_threadpool(files_of, desk.project, drama)
        if name not in found:
            raise NotThere(f"Drama {drama} has no file {name} now.")
        return FileResponse(found[name], filename=name)

    return answer


def _events(project: Project) -> Endpoint:
    readers = Readers(project)

    async def answer(request: Request) -> Response:
        last = request.headers.get("last-event-id", "0")
        if not (last.isascii() and last.isdecimal() and len(last) < 19):
            raise Malformed("Last-Event-ID is the id of an event.")
        return readers.stream(int(last), request.query_params.get("drama"))

    return answer


def _document() -> Endpoint:
    told = msgspec.json.encode(document())

    async def answer(_: Request) -> Response:
        return Response(told, media_type=_JSON)

    return answer


async def _body(request: Request) -> bytes:
    """The whole body; never more than the bound, whatever its length says."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY_BYTES:
            raise TooLarge(f"A body has at most {MOST_BODY_BYTES:,} bytes.")
    return bytes(body)


def _decoded(body: bytes, kind: type[Any]) -> Any:  # noqa: ANN401 - what the operation takes
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed(f"The body cannot be read: {_faults(body, kind) or error}") from error


def _faults(body: bytes, kind: type[Any]) -> str:
    """All that is wrong with a body, in words; nothing for one that is no JSON."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return "; ".join(str(fault) for fault in [*faults_of(value, schema_of(kind))][:_MOST_FAULTS])


def _failed(_: Request, error: Exception) -> Response:
    known = (status for kind, status in _STATUS.items() if isinstance(error, kind))
    status = 413 if isinstance(error, TooLarge) else next(known, 400)
    return _failure(status, getattr(error, "code", "failed"), str(error))


def _refused(_: Request, error: Exception) -> Response:
    """What the router itself refuses: unknown paths, other methods."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = str(error.detail) if isinstance(error, HTTPException) else "This did not work."
    response = _failure(status, words.lower().replace(" ", "_"), f"{words}.")
    response.headers.update(getattr(error, "headers", None) or {})
    return response


def _failure(status: int, code: str, message: str) -> Response:
    body = msgspec.json.encode(Failure(Problem(code, message)))
    return Response(body, status, media_type=_JSON)
