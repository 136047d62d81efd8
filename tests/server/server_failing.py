"""Providers that fail now and then, as scripts, and a gateway that tries again soon."""

import time
from typing import Any

import server_answers as answers
from server_gateway import Gateway, settings
from server_provider import Provider
from test_server_hostile_providers import HI
from test_server_relay import PATHS

SOON = {"attempts": 5, "first_s": 0.02, "most_s": 0.5, "least": 4}


def retrying(provider: Provider, home, models: dict[str, Any], **more: Any) -> Gateway:
    """A gateway that asks a failing target again within moments."""
    return Gateway(home, {**settings(provider.port, models), "retries": SOON, **more})


class Failing:
    """A script: the first `times` requests are answered with a status, the others well; `at` is when each came."""

    def __init__(self, status: int, times: int = 10**6, headers: tuple[str, ...] = ()) -> None:
        self.status = status
        self.times = times
        self.headers = headers
        self.at: list[float] = []

    async def __call__(self, visit) -> None:
        self.at.append(time.monotonic())
        if len(self.at) > self.times:
            await visit.answer()
            return
        body = answers.error(visit.asked.kind, self.status, "so it is", "x")
        await visit.send(answers.http(body, self.status, self.headers))


def ask(gateway: Gateway, key: str, model: str, dialect: str = "chat", **more: Any):
    """One small request; `stream` and `headers` among the rest."""
    stream, headers = more.pop("stream", False), more.pop("headers", {})
    if dialect == "gemini":
        verb = "streamGenerateContent" if stream else "generateContent"
        path = PATHS[dialect].format(model).replace("generateContent", verb)
        body: dict[str, Any] = {"contents": [{"parts": [{"text": "hi"}]}]}
    else:
        path = PATHS[dialect]
        body = {"model": model, "messages": HI, "max_tokens": 50, "stream": stream}
    return gateway.call("POST", path, key, json=body, headers=headers)


def attempts(gateway: Gateway, answer) -> list[dict[str, Any]]:
    """The rows of the request that was answered so."""
    return gateway.story(answer.headers["x-request-id"])["attempts"]
