"""What a request for media would do, without doing it: the same requests under `…/plan`."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from madang.media.planning import Asked, Caller, Plan, plan_clip, plan_speech
from madang.model import Dialect
from madang.model.money import dollars
from madang.server.caller import authenticate, tags_of
from madang.server.endpoints.info import Handler
from madang.server.exchange import bounded_body, send_json
from madang.server.paths import Endpoint
from madang.server.process.runtime import Runtime
from madang.server.request import Request
from madang.wire.json import encode
from madang.wire.media.callers import AskedSpeech, AskedVideo, read_speech, read_video

T = TypeVar("T", AskedVideo, AskedSpeech)


async def video_plan(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """Who would make a clip, and for how much."""
    who, asked = await _asked(runtime, caller, read_video)
    plan = plan_clip(runtime.media.kit, who, asked.ask, asked.hints)
    send_json(caller, 200, encode(_shown(asked.model, plan)))


async def speech_plan(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """Who would speak a text, and for how much."""
    who, asked = await _asked(runtime, caller, read_speech)
    plan = plan_speech(runtime.media.kit, who, asked.ask)
    send_json(caller, 200, encode(_shown(asked.model, plan)))


async def _asked(
    runtime: Runtime, caller: Request, read: Callable[[bytes, bytes], T]
) -> tuple[Caller, T]:
    """Who asks, and for what. Raises Unauthenticated, InvalidRequest."""
    key = authenticate(runtime.keyring, caller, "chat", time.time(), runtime.settings.keys)
    body = await bounded_body(caller, runtime.settings.server)
    asked = read(caller.headers.get(b"content-type", b""), body)
    tags = tags_of(key.tags, caller.headers.get(b"x-madang-tags"))
    return Caller(key, asked.model, time.time_ns() // 1000, tags), asked


def _shown(model: str, plan: Plan) -> dict[str, Any]:
    return {
        "object": "media_plan",
        "model": model,
        "work": plan.work,
        "targets": [_target(one) for one in plan.asked],
        "left_out": [{"target": one.target, "why": one.why} for one in plan.left_out],
    }


def _target(one: Asked) -> dict[str, Any]:
    nusd = one.cost_nusd
    return {
        "provider": one.target.provider,
        "model": one.target.model,
        "cost_usd": None if nusd is None else dollars(nusd),
        "lossy": list(one.losses),
    }


HANDLERS: dict[str, Handler] = {"video_plan": video_plan, "speech_plan": speech_plan}
