"""Providers that allow so much and no more, as scripts."""

import time

import server_answers as answers


class Strict:
    """A script: a bucket of `burst` that refills at `rate` per second; whoever finds it empty gets 429."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._at = float(burst), 0.0
        self.served: list[str] = []
        self.refused = 0

    async def __call__(self, visit) -> None:
        now = time.monotonic()
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            self.refused += 1
            wait_s = (1 - self._level) / self._rate
            head = [f"retry-after-ms: {wait_s * 1000:.0f}"]
            body = answers.error(visit.asked.kind, 429, "too many requests", "rate_limit_exceeded")
            await visit.send(answers.http(body, 429, head))
            return
        self._level -= 1
        self.served.append(visit.asked.json["messages"][-1]["content"])
        await visit.answer()


def by_key(refusals: dict[str, tuple[int, str]]):
    """A script that refuses some keys: `(status, code)` by key."""

    async def script(visit) -> None:
        key = visit.asked.header("authorization")[0].removeprefix("Bearer ")
        if key not in refusals:
            await visit.answer()
            return
        status, code = refusals[key]
        body = answers.error(visit.asked.kind, status, "not with this key", code)
        await visit.send(answers.http(body, status))

    return script


def keys_of(asked) -> list[str]:
    """The keys that requests came with."""
    return [one.header("authorization")[0].removeprefix("Bearer ") for one in asked]
