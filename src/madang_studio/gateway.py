"""The one door to Madang: everything the studio asks of models goes through here.

Rule: a request that may cost money has a name (`Idempotency-Key`), the same whenever it is sent
again, so that an answer that was lost is not paid for twice.
"""

import base64
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from madang.client import Gateway, GatewayError, Reply
from madang_studio.errors import (
    Interrupted,
    InVain,
    NoRoom,
    NotOffered,
    OverBudget,
    Refused,
    Spoiled,
    StudioError,
    Unavailable,
    Unreached,
)
from madang_studio.model.asks import ChatAsk, Got, Said, SpeechAsk, Timing, VideoAsk
from madang_studio.model.work import Charge

__all__ = ["ChatAsk", "Door", "Got", "Said", "SpeechAsk", "VideoAsk"]

_ANSWER_S: Final = 600.0
_CLIP_S: Final = 3_600.0
"""A clip that is not there after an hour is asked for again, under the same name."""

_POLL_MS: Final = 2_000
_LEAST_POLL_MS: Final = 20
_COUNTED: Final = (("clip", "video_ms"), ("voice", "characters"))
"""What the price of a step goes by, in the gateway's words."""

_LOOKS: Final = 6
_LOOK_S: Final = 0.25
_PASSING: Final = frozenset({408, 409, 425, 429})
_NOT_OFFERED: Final = "unsupported_feature"
_UNKNOWN_MODEL: Final = "model_not_found"
_FILTERED: Final = ("filter", "moderation", "policy", "safety")


class Door:
    """A gateway, on behalf of one piece of work.

    `tags` go to the gateway's ledger with each request. `stop` ends waiting: then Interrupted is
    raised. `charges` holds every request that was answered, also when nothing came of it.

    Everything raises Refused (will be refused again), OverBudget (a budget of the gateway's),
    Unavailable (passes; the same name may be asked again; Unreached where the gateway itself is away) or Spoiled
    (passes; asks for a new name).
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        tags: Mapping[str, str] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        with _foreign_errors():
            self._gateway = Gateway(url, key, timeout_s=_ANSWER_S)
        self._tags = ", ".join(f"{name}={quote(value)}" for name, value in (tags or {}).items())
        self._stop = stop or threading.Event()
        self.charges: list[Charge] = []

    def chat(self, ask: ChatAsk) -> Said:
        """Ask a chat model."""
        reply = self._ask("/v1/chat/completions", ask.name, _chat_body(ask))
        try:
            said = _json(reply)
            text = said["choices"][0]["message"]["content"]
            model = str(said.get("model", ask.model))
        except (LookupError, TypeError, AttributeError) as error:
            raise InVain(f"{ask.model} answered with no message.") from error
        if not isinstance(text, str) or not text:
            raise InVain(f"{ask.model} answered with nothing.")
        charge = self.charges[-1]
        return Said(text=text, model=model, request=charge.request, cost_nusd=charge.cost_nusd)

    def speech(self, ask: SpeechAsk, file: Path) -> Got:
        """Have a text spoken, into `file`; `timing` is empty where the provider has none."""
        try:
            reply = self._ask("/v1/audio/speech", ask.name, _speech_body(ask, timed=True))
        except _Unsupported:
            untimed = f"{ask.name}-untimed"
            reply = self._ask("/v1/audio/speech", untimed, _speech_body(ask, timed=False))
        sound, timing = _sound(reply, ask)
        if not sound:
            raise InVain(f"{ask.model} spoke no sound.")
        with _disk(file):
            file.write_bytes(sound)
        return self._got(reply, ask.model, timing)

    def video(self, ask: VideoAsk, file: Path) -> Got:
        """Have a clip made, and put it into `file`; waits until it is there."""
        reply = self._call("POST", "/v1/videos", _video_body(ask), self._named(ask.name))
        job = self._finished(reply, ask)
        identity, told = str(job.body.get("id")), job.body
        request = str(told.get("request_id") or identity)
        cost = _cost(job.headers, told)
        self.charges.append(Charge(ask.name, request, cost))
        if told.get("status") != "completed":
            raise _failure(told, ask, cost)
        self._download(f"/v1/videos/{identity}/content", file)
        return Got(
            model=str(job.headers.get("x-madang-model") or told.get("model") or ask.model),
            provider=str(job.headers.get("x-madang-provider") or told.get("provider") or ""),
            request=request,
            cost_nusd=cost,
        )

    def can_write(self, model: str) -> None:
        """Raise NotOffered if nobody writes under this name; asks no model, as the next two."""
        self._offered("GET", f"/v1/models/{quote(model)}", None)

    def can_speak(self, ask: SpeechAsk) -> None:
        """Raise NotOffered if nobody can speak so."""
        self._offered("POST", "/v1/audio/speech/plan", _speech_body(ask, timed=False))

    def can_film(self, ask: VideoAsk) -> None:
        """Raise NotOffered if nobody can make such a clip."""
        self._offered("POST", "/v1/videos/plan", _video_body(ask))

    def models(self) -> list[Mapping[str, Any]]:
        """The models that the key may use, as the gateway lists them."""
        listed = _json(self._call("GET", "/v1/models", None, {}))
        return [row for row in listed.get("data", []) if isinstance(row, dict)]

    def prices(self, today: date) -> dict[tuple[str, str], Fraction]:
        """Nano-dollars per millisecond of a clip and per character of speech, by step and model.

        The dearest variant of each. Empty for a key that may not see prices: only an admin key may.
        """
        try:
            rows = self._gateway.get("/api/prices")
        except GatewayError as error:
            if error.status in (401, 403, 404):
                return {}
            raise _ours(error) from error
        return dict(_prices(rows, today.isoformat()))

    def _offered(self, method: str, path: str, body: Mapping[str, Any] | None) -> None:
        try:
            self._gateway.call(method, path, body)
        except GatewayError as error:
            if error.status in (404, 405) and error.code != _UNKNOWN_MODEL:
                return  # a gateway that cannot be asked so: the work itself will tell
            ours = _ours(error)
            raise NotOffered(str(ours)) if isinstance(ours, Refused) else ours from error

    def _ask(self, path: str, name: str, body: Mapping[str, Any]) -> Reply:
        reply = self._call("POST", path, body, self._named(name))
        request = reply.headers.get("x-request-id", name)
        cost = _cost(reply.headers, {})
        if reply.headers.get("idempotent-replayed") == "true":
            cost = self._paid_before(request)
        self.charges.append(Charge(name, request, cost))
        return reply

    def _paid_before(self, request: str) -> int | None:
        """What an answer had cost that is given again: its row is entered within a second or so."""
        for _ in range(_LOOKS):
            try:
                story = self._gateway.get(f"/v1/requests/{request}")
                return int(story["attempts"][-1]["saved_nusd"])
            except (GatewayError, LookupError, TypeError):
                self._wait(_LOOK_S)
        return None

    def _finished(self, reply: Reply, ask: VideoAsk) -> "_Job":
        """Ask for a job until it is over, as often as the gateway says."""
        until = time.monotonic() + _CLIP_S
        job = _Job.read(reply)
        while job.body.get("status") not in ("completed", "failed", "cancelled", "expired"):
            if time.monotonic() > until:
                raise Unavailable(f"{ask.model} needs more than {_CLIP_S / 60:.0f} minutes.")
            self._wait(job.again_s)
            job = _Job.read(self._call("GET", f"/v1/videos/{job.body.get('id')}", None, {}))
        return job

    def _download(self, path: str, file: Path) -> None:
        with _foreign_errors(), file.open("wb") as target:
            for piece in self._gateway.pieces(path):
                with _disk(file):
                    target.write(piece)

    def _got(self, reply: Reply, model: str, timing: Timing) -> Got:
        return Got(
            model=reply.headers.get("x-madang-model", model),
            provider=reply.headers.get("x-madang-provider", ""),
            request=self.charges[-1].request,
            cost_nusd=self.charges[-1].cost_nusd,
            timing=timing,
        )

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> Reply:
        self._wait(0)
        with _foreign_errors():
            return self._gateway.call(method, path, body, headers)

    def _named(self, name: str) -> dict[str, str]:
        tagged = {"x-madang-tags": self._tags} if self._tags else {}
        return {"idempotency-key": name, **tagged}

    def _wait(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Interrupted("Stopped; it goes on where it was.")


class _Unsupported(Refused):
    """Nobody can do a part of what was asked for; nothing was charged."""


class _Job(Struct, frozen=True):
    """A clip's job as the gateway showed it last."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @classmethod
    def read(cls, reply: Reply) -> "_Job":
        body = _json(reply)
        if not isinstance(body, dict) or not isinstance(body.get("id"), str):
            raise Unavailable("The gateway answered with no job.")
        return cls(body, reply.headers)

    @property
    def again_s(self) -> float:
        """When to ask again."""
        said = self.headers.get("openai-poll-after-ms", "")
        wait_ms = int(said[:9]) if said.isdecimal() else _POLL_MS
        return max(wait_ms, _LEAST_POLL_MS) / 1000


def _chat_body(ask: ChatAsk) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": ask.model,
        "messages": [
            {"role": "system", "content": ask.system},
            {"role": "user", "content": ask.user},
        ],
    }
    if ask.schema is not None:
        schema = {"name": ask.title, "strict": True, "schema": ask.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if ask.seed is not None:
        body["seed"] = ask.seed
    if ask.most_tokens is not None:
        body["max_tokens"] = ask.most_tokens
    return body


def _speech_body(ask: SpeechAsk, *, timed: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": ask.model,
        "input": ask.text,
        "voice": ask.voice,
        "response_format": "wav",
        "language": ask.language,
        "seed": ask.seed,
    }
    if timed:
        body["timestamps"] = True
    if ask.speed != 1.0:
        body["speed"] = ask.speed
    if ask.instructions:
        body["instructions"] = ask.instructions
    return body


def _video_body(ask: VideoAsk) -> dict[str, Any]:
    """No sound is asked for: each clip would bring music of its own, and mouths that move."""
    body: dict[str, Any] = {
        "model": ask.model,
        "prompt": ask.prompt,
        "seconds": str(-(-ask.duration_ms // 1000)),
        "aspect_ratio": ask.aspect,
        "generate_audio": False,
        "seed": ask.seed,
    }
    if ask.negative:
        body["negative_prompt"] = ask.negative
    if ask.hurry:
        body["urgency"] = "high"
    return body


def _sound(reply: Reply, ask: SpeechAsk) -> tuple[bytes, Timing]:
    """The sound with its timing, or the sound alone from a gateway that has no timings."""
    if not reply.headers.get("content-type", "").startswith("application/json"):
        return reply.body, ()
    try:
        told = _json(reply)
        sound = base64.b64decode(told["audio"], validate=True)
        pieces = told.get("timestamps") or ()
        return sound, tuple((it["text"], it["start_ms"], it["end_ms"]) for it in pieces)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InVain(f"{ask.model} spoke nothing that can be understood.") from error


def _prices(rows: Any, today: str) -> Iterator[tuple[tuple[str, str], Fraction]]:  # noqa: ANN401 - JSON
    for row in rows if isinstance(rows, list) else ():
        price = row["price"]
        if not price["valid_from"] <= today < (price["valid_to"] or "9"):
            continue
        for step, count in _COUNTED:
            variants = [
                Fraction(unit["nusd"]) / Fraction(unit["per"])
                for name, unit in price["units"].items()
                if name.partition(".")[0] == count
            ]
            if variants:
                yield (step, price["model"]), max(variants)


def _json(reply: Reply) -> Any:  # noqa: ANN401 - whatever the body holds
    with _foreign_errors():
        return reply.json()


def _cost(headers: Mapping[str, str], body: Mapping[str, Any]) -> int | None:
    """Nano-dollars from a header or a job that says dollars."""
    nusd = body.get("cost_nusd")
    if isinstance(nusd, int):
        return nusd
    said = headers.get("x-madang-cost-usd") or body.get("cost_usd")
    try:
        return None if said is None else int(Decimal(str(said)) * 1_000_000_000)
    except (InvalidOperation, ValueError):
        return None


def _failure(job: Mapping[str, Any], ask: VideoAsk, cost_nusd: int | None) -> StudioError:
    error = job.get("error")
    code, message = "", str(job.get("status"))
    if isinstance(error, dict):
        code, message = str(error.get("code") or ""), str(error.get("message") or message)
    if any(word in code for word in _FILTERED):
        return Refused(f"{ask.model} refuses this prompt ({message}): change the shot's words.")
    if cost_nusd or (cost_nusd is None and "cost_usd" in job):  # null: nobody knows what it cost
        return InVain(f"{ask.model} made no clip, and may have charged for it: {message}")
    return Spoiled(f"{ask.model} made no clip: {message}")


@contextmanager
def _foreign_errors() -> Iterator[None]:
    """Turn the client's failures into ours."""
    try:
        yield
    except GatewayError as error:
        raise _ours(error) from error


def _ours(error: GatewayError) -> StudioError:
    status, message = error.status, str(error)
    if status == 402:
        return OverBudget(f"The gateway's budget is used up: {message}")
    if status == 0:
        return Unreached(message)
    if status in _PASSING or status >= 500:
        return Unavailable(message)
    return _Unsupported(message) if error.code == _NOT_OFFERED else Refused(message)


@contextmanager
def _disk(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NoRoom(
            f"{file} cannot be written ({error.strerror}): make room, then go on."
        ) from error
