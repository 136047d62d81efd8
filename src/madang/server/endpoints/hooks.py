"""Webhooks of payment providers and of providers of media: who calls is a stranger until a signature says otherwise."""

from urllib.parse import parse_qsl

from madang.model import Dialect
from madang.server.endpoints.info import Handler
from madang.server.exchange import read_body, send_json
from madang.server.paths import Endpoint
from madang.server.process.runtime import Runtime
from madang.server.request import Request

_MAX_BODY = 1024 * 1024
_RECEIVED = b'{"received":true}'


async def stripe(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """An event of Stripe; told again, it changes nothing."""
    signature = caller.headers.get(b"stripe-signature", b"").decode("latin-1")
    await runtime.desk.stripe(await _body(runtime, caller), signature)
    send_json(caller, 200, _RECEIVED)


async def toss(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """A notice of Toss Payments; told again, it changes nothing."""
    await runtime.desk.toss(await _body(runtime, caller))
    send_json(caller, 200, _RECEIVED)


async def provider(runtime: Runtime, endpoint: Endpoint, _: Dialect, caller: Request) -> None:
    """A provider says that something has become of a job; told again, it changes nothing."""
    body = await _body(runtime, caller)
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in caller.headers.items()
    }
    query = dict(parse_qsl(caller.query.decode("latin-1")))
    identity = await runtime.media.ear.hear(endpoint.id or "", headers, body, query)
    course = runtime.media.crew.live(identity) if identity is not None else None
    if course is not None:
        course.nudge()
    send_json(caller, 200, _RECEIVED)


HANDLERS: dict[str, Handler] = {"stripe": stripe, "toss": toss, "provider_hook": provider}


async def _body(runtime: Runtime, caller: Request) -> bytes:
    return await read_body(caller, _MAX_BODY, runtime.settings.server.body_timeout_s)
