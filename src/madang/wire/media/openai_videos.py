"""OpenAI's videos: the common dialect of gateways and of servers of one's own.

Shapes: https://developers.openai.com/api/reference (videos, webhooks), read in November 2026. Sora's own
service has ended; the shape lives on. What it has no field for is sent under the names that gateways
use (`seed`, `aspect_ratio`, `negative_prompt`, `generate_audio`), except to Sora's names.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

from madang.errors import InvalidRequest, ProviderBroken, Unauthenticated
from madang.model.media import Clip, Handle, JobSeen, JobState, Source, VideoAsk
from madang.wire import json
from madang.wire.media import answers
from madang.wire.media.contract import Incoming, Notice, Outgoing, Remake, VideoWire
from madang.wire.media.fitting import joined, lacking
from madang.wire.media.form import FormPart, write_form
from madang.wire.media.openai_shapes import JSON, checked, milliseconds, plain

_STATES: Final[dict[str, JobState]] = {
    "queued": "queued",
    "pending": "queued",
    "in_progress": "running",
    "processing": "running",
    "completed": "succeeded",
    "succeeded": "succeeded",
    "failed": "failed",
    "expired": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}
_FILTERED: Final = ("moderation", "content_policy", "content_filter", "safety", "policy_violation")
_TOLERANCE_S: Final = 300
_USUAL_MS: Final = 4_000
"""How long a clip is where nobody says so; stated, as others than OpenAI have other ideas."""


def _submit(ask: VideoAsk, model: str) -> Outgoing:
    if ask.source is not None:
        return _remade(ask, ask.source)
    fields, losses = _video_fields(ask, model)
    headers = {**JSON, "idempotency-key": ask.name}
    if ask.first is not None and ask.first.data is not None:
        parts = [FormPart(name, plain(value).encode()) for name, value in fields.items()]
        parts.append(FormPart("input_reference", ask.first.data, "first.png", ask.first.mime))
        headers["content-type"], body = write_form(parts)
    else:
        if ask.first is not None:
            fields["input_reference"] = {"image_url": ask.first.url}
        body = json.encode(fields)
    return Outgoing(
        method="POST",
        path="/videos",
        headers=headers,
        body=body,
        losses=losses,
        counts=_clip_counts(milliseconds(fields["seconds"]), ask.size),
    )


def _remade(ask: VideoAsk, source: Source) -> Outgoing:
    """Another clip out of a finished one, as long and as large."""
    if source.handle is None:
        raise lacking("video", "changes clips that it has made itself")
    fields: dict[str, Any] = {"prompt": ask.prompt}
    path = f"/videos/{source.handle.id}/remix"
    if source.change == "edit":
        path, fields["video"] = "/videos/edits", {"id": source.handle.id}
    return Outgoing(
        method="POST",
        path=path,
        headers={**JSON, "idempotency-key": ask.name},
        body=json.encode(joined(fields, ask.fields)),
        counts=_clip_counts(source.duration_ms, source.size),
    )


def _clip_counts(made_ms: int | None, size: object) -> dict[str, int]:
    """What a clip comes to: its time, by the shorter side of the picture where that is known."""
    if made_ms is None:
        return {}
    width, _, height = str(size or "").partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(width + height) < 12):
        return {"video_ms": made_ms}
    return {f"video_ms.{min(int(width), int(height))}p": made_ms}


def _video_fields(ask: VideoAsk, model: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    fields: dict[str, Any] = {"model": model, "prompt": ask.prompt}
    fields["seconds"] = str(-(-(ask.duration_ms or _USUAL_MS) // 1000))
    if ask.size is not None:
        fields["size"] = ask.size
    further = {
        "aspect_ratio": ask.aspect if ask.size is None else None,
        "seed": ask.seed,
        "negative_prompt": ask.negative,
        "generate_audio": ask.audio,
    }
    further = {name: value for name, value in further.items() if value is not None}
    losses = [
        name for name, there in (("last_frame", ask.last), ("references", ask.references)) if there
    ]
    if model.startswith("sora"):
        losses += further
    else:
        fields |= further
    return joined(fields, ask.fields), tuple(losses)


def _submitted(answer: Incoming) -> Handle:
    return Handle(_id_of(json.answer_object(checked(answer).body)))


def _id_of(said: dict[str, Any]) -> str:
    identity = said.get("id")
    if not isinstance(identity, str) or not identity:
        raise ProviderBroken("the provider's video has no id")
    return identity


def _poll(handle: Handle) -> Outgoing:
    return Outgoing(method="GET", path=f"/videos/{handle.id}")


def _polled(answer: Incoming) -> JobSeen:
    said = json.answer_object(checked(answer).body)
    seen = _seen(said)
    after = answer.headers.get("openai-poll-after-ms", "")
    if not after.isdecimal():
        return seen
    return JobSeen(
        state=seen.state,
        progress=seen.progress,
        clips=seen.clips,
        cause=seen.cause,
        message=seen.message,
        billed=seen.billed,
        again_ms=min(int(after[:9]), 600_000),
    )


def _seen(said: dict[str, Any]) -> JobSeen:
    state = _STATES.get(str(said.get("status")))
    if state is None:
        raise ProviderBroken("the provider's video has no status that is known")
    if state == "failed":
        error = said.get("error") if isinstance(said.get("error"), dict) else {}
        code = str((error or {}).get("code") or "")
        cause = "content_filter" if any(word in code for word in _FILTERED) else "provider_failed"
        return JobSeen(
            state="failed",
            cause=cause,
            message=str((error or {}).get("message") or code or "failed")[:500],
        )
    progress = said.get("progress")
    shown = min(max(int(progress), 0), 100) if isinstance(progress, int | float) else None
    if state != "succeeded":
        return JobSeen(state=state, progress=shown)
    made_ms = milliseconds(said.get("seconds"))
    path = f"/videos/{_id_of(said)}/content"
    return JobSeen(
        state=state,
        progress=100,
        clips=(
            Clip(url=path, keyed=True, duration_ms=made_ms),
            Clip("image/webp", url=f"{path}?variant=thumbnail", keyed=True),
        ),
        billed=_clip_counts(made_ms, said.get("size")),
    )


def _delete(handle: Handle) -> Outgoing:
    return Outgoing(method="DELETE", path=f"/videos/{handle.id}")


def check_signature(headers: Mapping[str, str], body: bytes, secret: str, now_s: float) -> str:
    """The id of a delivery that is signed by https://www.standardwebhooks.com. Raises Unauthenticated."""
    identity, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise Unauthenticated(
            "The secret of this webhook is no base64.", code="bad_signature"
        ) from error
    signed = b"%b.%b.%b" % (identity.encode(), at.encode(), body)
    ours = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split()[:20]
    fits = [hmac.compare_digest(f"v1,{ours}".encode(), one.encode()) for one in given]
    if (
        not key  # an empty one is everybody's
        or not identity
        or not any(fits)
        or not at.isdecimal()
        or abs(now_s - int(at[:12])) > _TOLERANCE_S
    ):
        raise Unauthenticated("This call is not signed as it must be.", code="bad_signature")
    return identity


def _hook(
    headers: Mapping[str, str], body: bytes, secrets: Mapping[str, Any], now_s: float
) -> Notice:
    secret = secrets.get("secret")
    if not isinstance(secret, str) or not secret:
        raise Unauthenticated(
            "Calls of this provider are not expected: it has no `webhook_secret`.",
            code="bad_signature",
        )
    delivery = check_signature(headers, body, secret, now_s)
    event = json.request_object(body)
    data = event.get("data")
    job = data.get("id") if isinstance(data, dict) else None
    if not isinstance(job, str):
        raise InvalidRequest("This event is not about a video.")
    return Notice(job, delivery)


WIRE: Final = VideoWire(
    submit=_submit,
    submitted=_submitted,
    poll=_poll,
    polled=_polled,
    poll_ms=2_000,
    cancel=_delete,
    hook=_hook,
    regain=answers.by_id,
    remakes={"remix": Remake(), "edit": Remake()},
)
