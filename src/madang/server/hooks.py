"""Webhooks of payment providers: who calls is a stranger until the payment desk says otherwise."""

from madang.model import Dialect
from madang.server.exchange import read_body, send_json
from madang.server.info import Handler
from madang.server.paths import Endpoint
from madang.server.request import Request
from madang.server.runtime import Runtime

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


HANDLERS: dict[str, Handler] = {"stripe": stripe, "toss": toss}


async def _body(runtime: Runtime, caller: Request) -> bytes:
    return await read_body(caller, _MAX_BODY, runtime.settings.server.body_timeout_s)
