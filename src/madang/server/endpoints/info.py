"""The reading endpoints: models, usage, explanations, health."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from msgspec import structs

from madang import __version__
from madang.errors import InvalidRequest, NotFound, UnknownModel
from madang.keys import Key
from madang.ledger.reports import usage as ledger
from madang.ledger.reports.requests import latest
from madang.model import EMBEDDING, Dialect
from madang.routing.names.directory import Directory, allowed
from madang.routing.route import Route
from madang.server.administration.operation import check_day, read_query
from madang.server.administration.reports import RequestsAsked
from madang.server.caller import authenticate
from madang.server.endpoints.listing import LISTS, Listed
from madang.server.exchange import send_json
from madang.server.paths import Endpoint
from madang.server.process.runtime import Runtime
from madang.server.request import Request
from madang.watch.metrics import CONTENT_TYPE
from madang.wire.json import encode

_CATCH_UP_S = 5.0
Handler = Callable[[Runtime, Endpoint, Dialect, Request], Awaitable[None]]


async def models(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """The models this key may use."""
    key = _key(runtime, caller, dialect)
    send_json(caller, 200, encode(LISTS[dialect].many(_listed(runtime, key))))


async def model(runtime: Runtime, endpoint: Endpoint, dialect: Dialect, caller: Request) -> None:
    """One model, by any name that requests may use."""
    key = _key(runtime, caller, dialect)
    name = endpoint.id or ""
    directory = runtime.pipeline.snapshot.directory
    route = directory.lookup(name)
    if not allowed(key.models, route, name):
        raise UnknownModel(f"The model `{name}` does not exist or this key may not use it.")
    send_json(caller, 200, encode(LISTS[dialect].one(_entry(directory, name, route))))


async def month(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """Usage and cost of the current UTC month, of this key (an admin key: of all)."""
    key = _key(runtime, caller, dialect)
    now_s = time.time()
    result = await _asked(
        runtime, lambda: ledger.current_month(runtime.store, key_id=_scope_of(key), now_s=now_s)
    )
    send_json(caller, 200, encode(result))


async def usage(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """Usage between two UTC days (inclusive), grouped as asked."""
    key = _key(runtime, caller, dialect)
    query = parse_qs(caller.query.decode("latin-1"))
    today = datetime.now(UTC).date()
    first = _day(query, "from", today - timedelta(days=30))
    last = _day(query, "to", today)
    by = tuple(part for part in query.get("by", ["model"])[0].split(",") if part)
    top = _count(query, "top", 1_000_000)
    rows = await _asked(
        runtime,
        lambda: ledger.usage(
            runtime.store, key_id=_scope_of(key), from_day=first, to_day=last, by=by, top=top
        ),
    )
    send_json(caller, 200, encode({"from": first, "to": last, "by": by, "rows": rows}))


async def requests(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """The latest requests of this key (an admin key: of all, or of the key asked for), page by page."""
    key = _key(runtime, caller, dialect)
    query = parse_qs(caller.query.decode("latin-1"))
    asked = read_query({name: given[0] for name, given in query.items()}, RequestsAsked)
    wanted = structs.replace(asked.wanted, key_id=_scope_of(key) or asked.key)
    page = await _asked(runtime, lambda: latest(runtime.store, wanted))
    send_json(caller, 200, encode(page))


async def request(runtime: Runtime, endpoint: Endpoint, dialect: Dialect, caller: Request) -> None:
    """The explanation of one request of this key."""
    key = _key(runtime, caller, dialect)
    found = await _asked(
        runtime,
        lambda: ledger.request(runtime.store, endpoint.id or "", key_id=_scope_of(key)),
    )
    if found is None:
        raise NotFound("There is no such request (or it was made with another key).")
    send_json(caller, 200, encode(found))


async def health(_: Runtime, __: Endpoint, ___: Dialect, caller: Request) -> None:
    """The process is alive."""
    send_json(caller, 200, encode({"status": "ok", "version": __version__}))


async def ready(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """The process should get traffic."""
    body = {
        "ready": runtime.ready,
        "providers": list(runtime.pipeline.snapshot.providers),
        "ledger": runtime.ledger_state,
        "configuration": "stale" if runtime.watching.configuration.is_stale else "ok",
    }
    send_json(caller, 200 if runtime.ready else 503, encode(body))


async def metrics(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """Prometheus metrics. They hold no secrets and no caller's data, so no key is asked for."""
    text = await runtime.watching.scrape()
    caller.respond(200, b"content-type: %b\r\n" % CONTENT_TYPE, text)


async def home(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """What a person who opens the address in a browser should know."""
    body = {
        "madang": __version__,
        "providers": list(runtime.pipeline.snapshot.providers),
        "documentation": "/api/openapi.json",
        "endpoints": [
            "/v1/chat/completions",
            "/v1/responses",
            "/v1/completions",
            "/v1/embeddings",
            "/v1/messages",
            "/v1beta/models/{model}:generateContent",
        ],
    }
    send_json(caller, 200, encode(body))


HANDLERS: dict[str, Handler] = {
    "models": models,
    "model": model,
    "month": month,
    "usage": usage,
    "requests": requests,
    "request": request,
    "health": health,
    "ready": ready,
    "metrics": metrics,
    "home": home,
}


def _key(runtime: Runtime, caller: Request, dialect: Dialect) -> Key:
    return authenticate(runtime.keyring, caller, dialect, time.time(), runtime.settings.keys)


def _scope_of(key: Key) -> str | None:
    """Whose rows a key may see: its own, or everybody's for the admin key."""
    return None if key.admin else key.id


def _listed(runtime: Runtime, key: Key) -> list[Listed]:
    directory = runtime.pipeline.snapshot.directory
    routes = {name: directory.lookup(name) for name in directory.names()}
    return [
        _entry(directory, name, route)
        for name, route in routes.items()
        if allowed(key.models, route, name)
    ]


def _entry(directory: Directory, name: str, route: Route) -> Listed:
    embeds = route.targets[0].api in EMBEDDING
    return Listed.of(name, directory.row(name), embeds=embeds)


async def _asked(runtime: Runtime, query: Callable[[], Any]) -> Any:  # noqa: ANN401 - the query's own type
    """Run a query off the event loop, after everything already answered has reached the store."""

    def run() -> Any:  # noqa: ANN401
        runtime.ingest.catch_up(_CATCH_UP_S)
        return query()

    return await asyncio.to_thread(run)


def _count(query: dict[str, list[str]], name: str, most: int) -> int | None:
    given = query.get(name)
    if not given:
        return None
    if not (given[0].isascii() and given[0].isdecimal() and 1 <= int(given[0][:9]) <= most):
        raise InvalidRequest(f"`{name}` must be a number between 1 and {most:,}.", param=name)
    return int(given[0][:9])


def _day(query: dict[str, list[str]], name: str, default: date) -> date:
    given = query.get(name)
    if not given:
        return default
    try:
        day = date.fromisoformat(given[0])
    except ValueError:
        raise InvalidRequest(f"`{name}` must be a day such as 2026-11-20.", param=name) from None
    check_day(day, name)
    return day
