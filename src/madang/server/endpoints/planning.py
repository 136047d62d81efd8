"""What a request for media would do, without doing it: the same requests under `…/plan`."""

import time
from typing import Any

from madang.media.planning import Asked, Plan, plan_clip, plan_speech
from madang.model import Dialect
from madang.server.caller import authenticate
from madang.server.endpoints.info import Handler
from madang.server.exchange import bounded_body, send_json
from madang.server.paths import Endpoint
from madang.server.process.runtime import Runtime
from madang.server.request import Request
from madang.wire.json import encode
from madang.wire.media.callers import read_speech, read_video


async def video_plan(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """Who would make a clip, and for how much."""
    key = authenticate(runtime.keyring, caller, dialect, time.time(), runtime.settings.keys)
    body = await bounded_body(caller, runtime.settings.server)
    asked = read_video(caller.headers.get(b"content-type", b""), body)
    at_us = time.time_ns() // 1000
    plan = plan_clip(runtime.media.kit, key, asked.model, asked.ask, asked.hints, at_us)
    send_json(caller, 200, encode(_shown(asked.model, plan)))


async def speech_plan(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """Who would speak a text, and for how much."""
    key = authenticate(runtime.keyring, caller, dialect, time.time(), runtime.settings.keys)
    body = await bounded_body(caller, runtime.settings.server)
    asked = read_speech(caller.headers.get(b"content-type", b""), body)
    plan = plan_speech(runtime.media.kit, key, asked.model, asked.ask, time.time_ns() // 1000)
    send_json(caller, 200, encode(_shown(asked.model, plan)))


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
        "cost_usd": None if nusd is None else f"{nusd // 10**9}.{nusd % 10**9:09d}",
        "lossy": list(one.losses),
    }


HANDLERS: dict[str, Handler] = {"video_plan": video_plan, "speech_plan": speech_plan}
