"""Runway: clips as tasks, of its own models and of others that it hosts.

Shapes and bounds: https://docs.dev.runwayml.com/api/ and its official SDK (runwayml 5.24, November
2026). What is special: one sentence may hold 1,000 UTF-16 units, not characters; ratios are sizes
in pixels, and which there are depends on the model and on whether there is a first picture; a task
may be THROTTLED, which is waiting and no failure; one that was cancelled stays CANCELLED; addresses
of clips are good for a day or two; what was charged stands in the finished task, in credits. Its
tasks have no name of ours, are in no list and call nobody: of an order whose answer was lost, only
the credits that it has charged in all tell anything.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, structs

from madang.errors import ProviderBroken, ProviderError
from madang.model.media import Clip, Handle, JobSeen, JobState, Source, VideoAsk
from madang.wire import json
from madang.wire.losses import Losses
from madang.wire.media import answers
from madang.wire.media.contract import Incoming, Outgoing, Remake, VideoWire
from madang.wire.media.fitting import bounded, joined, lacking, ratio, seconds, segment, tier
from madang.wire.media.stills import film, uri

VERSION: Final = "2024-11-06"
_HEADERS: Final = {"content-type": "application/json", "x-runway-version": VERSION}
_DATA_URI_BYTES: Final = 5 * 1024 * 1024
_HD: Final = ("1280:720", "720:1280")
_FULL: Final = (*_HD, "1920:1080", "1080:1920")
_GEN4: Final = (*_HD, "1104:832", "960:960", "832:1104", "1584:672")
_SEEDANCE: Final = (
    *("1280:720", "720:1280", "1112:834", "960:960", "834:1112", "1470:630"),
    *("864:496", "496:864", "752:560", "640:640", "560:752", "992:432"),
)
_SEEDANCE_FULL: Final = (
    *_SEEDANCE,
    *("1920:1080", "1080:1920", "1664:1248", "1440:1440", "1248:1664", "2206:946"),
    *("3840:2160", "2160:3840", "3840:2880", "3840:3840", "2880:3840", "3840:1646"),
)


class Takes(Struct, frozen=True, kw_only=True):
    """What a model takes.

    `still` are the ratios with a first picture, `text` those without (none: it needs a picture);
    `prompt` the longest prompt in UTF-16 units. `usual` is the number of seconds where none is asked.
    """

    seconds: tuple[int, ...] = ()
    usual: int = 5
    still: tuple[str, ...] = _HD
    text: tuple[str, ...] = _HD
    prompt: int = 1000
    last: bool = False
    references: int = 0
    audio: bool = False
    negative: bool = False
    seed: bool = True


_VEO: Final = Takes(
    seconds=(4, 6, 8), usual=8, still=_FULL, text=_FULL, last=True, audio=True, negative=True
)
_SEEDANCE_2: Final = Takes(
    seconds=tuple(range(4, 16)),
    still=_SEEDANCE_FULL,
    text=_SEEDANCE_FULL,
    prompt=3500,
    last=True,
    references=9,
    audio=True,
)
_SEEDANCE_SMALL: Final = structs.replace(_SEEDANCE_2, still=_SEEDANCE, text=_SEEDANCE)

MODELS: Final[Mapping[str, Takes]] = {
    "gen4.5": Takes(seconds=tuple(range(2, 11)), still=_GEN4),
    "gen4_turbo": Takes(seconds=tuple(range(2, 11)), still=_GEN4, text=()),
    "veo3.1": _VEO,
    "veo3.1_fast": _VEO,
    "seedance2": _SEEDANCE_2,
    "seedance2_fast": _SEEDANCE_SMALL,
    "seedance2_mini": _SEEDANCE_SMALL,
    "gemini_omni_flash": Takes(seconds=tuple(range(3, 11)), seed=False),
}
_UNKNOWN: Final = Takes(still=_GEN4, text=_GEN4, last=True, audio=True, negative=True)
"""A model that is newer than this table: Runway decides."""

_STATES: Final[Mapping[str, JobState]] = {
    "PENDING": "queued",
    "THROTTLED": "queued",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
}

_CHANGERS: Final = ("aleph2",)
"""Models that change clips, and make none."""

_SETTLED_S: Final = 1_800.0
"""By then a task has been made and charged: a figure of ours, as Runway does not say how late its usage is."""

_MOST_CREDITS: Final = 10**12


def _submit(ask: VideoAsk, model: str) -> Outgoing:
    if (ask.source is None) == (model in _CHANGERS):
        raise lacking(
            "video", "changes clips" if ask.source is None else "makes clips, and changes none"
        )
    if ask.source is not None:
        return _changed(ask, ask.source, model)
    takes = MODELS.get(model, _UNKNOWN)
    losses = Losses()
    pictures = _pictures(ask, takes)
    ratios = takes.still if "promptImage" in pictures else takes.text
    if not ratios:
        raise lacking("input_reference", "makes clips from a first picture only")
    length = seconds(ask, takes.seconds, takes.usual, losses)
    shape = ratio(ask, ratios, losses) or ratios[0]
    body: dict[str, Any] = {
        "model": model,
        "promptText": bounded(ask.prompt, takes.prompt, "utf16"),
        "ratio": shape,
        "duration": length,
        **pictures,
        **_extras(ask, takes, losses),
    }
    resolution = tier(shape)
    sounds = ".audio" if takes.audio and ask.audio is not False else ""
    return Outgoing(
        method="POST",
        path="/v1/image_to_video" if "promptImage" in pictures else "/v1/text_to_video",
        headers=_HEADERS,
        body=json.encode(joined(body, ask.fields)),
        losses=losses.names(),
        counts={f"video_ms.{resolution}{sounds}": length * 1000},
    )


def _changed(ask: VideoAsk, source: Source, model: str) -> Outgoing:
    """A clip as words say that it should be; it stays as long and as large."""
    body: dict[str, Any] = {
        "model": model,
        "videoUri": film(source, _DATA_URI_BYTES),
        "promptText": bounded(ask.prompt, 1000, "utf16"),
    }
    return Outgoing(
        method="POST",
        path="/v1/video_to_video",
        headers=_HEADERS,
        body=json.encode(joined(body, ask.fields)),
        counts={"video_ms": source.duration_ms} if source.duration_ms else {},
    )


def _pictures(ask: VideoAsk, takes: Takes) -> dict[str, Any]:
    if ask.last is not None and not (takes.last and ask.first):
        raise lacking("last_frame", "takes no last picture, or only beside a first one")
    if len(ask.references) > takes.references:
        raise lacking("references", f"takes {takes.references} reference pictures")
    if ask.references and ask.first:
        raise lacking("references", "takes reference pictures or a first one, not both")
    if ask.references:
        return {"references": [{"uri": uri(one, _DATA_URI_BYTES)} for one in ask.references]}
    if ask.first is None:
        return {}
    first = uri(ask.first, _DATA_URI_BYTES)
    if ask.last is None:
        return {"promptImage": first}
    last = {"uri": uri(ask.last, _DATA_URI_BYTES), "position": "last"}
    return {"promptImage": [{"uri": first, "position": "first"}, last]}


def _extras(ask: VideoAsk, takes: Takes, losses: Losses) -> dict[str, Any]:
    """What only some models take."""
    wished = (
        ("seed", "seed", ask.seed, takes.seed),
        ("negative_prompt", "negativePrompt", ask.negative, takes.negative),
        ("generate_audio", "audio", ask.audio, takes.audio),
    )
    extras: dict[str, Any] = {}
    for name, member, value, is_taken in wished:
        if value is not None and is_taken:
            extras[member] = value
        elif value is not None and value is not False:
            losses.add(name)
    return extras


def _submitted(answer: Incoming) -> Handle:
    return Handle(answers.identity(answers.document(answer, _refused), "id"))


def _poll(handle: Handle) -> Outgoing:
    return Outgoing(method="GET", path=f"/v1/tasks/{segment(handle.id)}", headers=_HEADERS)


def _cancel(handle: Handle) -> Outgoing:
    return Outgoing(method="DELETE", path=f"/v1/tasks/{segment(handle.id)}", headers=_HEADERS)


def _polled(answer: Incoming) -> JobSeen:
    task = answers.document(answer, answers.about_job(_refused))
    state = _STATES.get(answers.word(task, "status") or "")
    if state is None:
        raise ProviderBroken("Runway's task is in a state that is not known")
    progress = answers.number(task, "progress")
    credits_ = answers.number(answers.entry(task, "cost"), "credits")
    seen = JobSeen(
        state=state,
        progress=None if progress is None else min(100, int(progress * 100)),
        billed={} if credits_ is None else {"credits": round(credits_)},
    )
    if state == "succeeded":
        return _finished(task, seen)
    return _failed(task, seen) if state == "failed" else seen


def _finished(task: dict[str, Any], seen: JobSeen) -> JobSeen:
    output = task.get("output")
    urls = (
        [one for one in output if isinstance(one, str) and one] if isinstance(output, list) else []
    )
    if not urls:
        return JobSeen(state="failed", cause="broken", message="no output", billed=seen.billed)
    clips = tuple(Clip(url=url) for url in urls)
    return JobSeen(state="succeeded", progress=100, clips=clips, billed=seen.billed)


def _failed(task: dict[str, Any], seen: JobSeen) -> JobSeen:
    """By the start of the code, whose parts are separated by dots: SAFETY.INPUT.TEXT, INTERNAL.BAD_OUTPUT.CODE01."""
    code = answers.word(task, "failureCode") or ""
    blocked = code.startswith("SAFETY.") or code == "SAFETY"
    return JobSeen(
        state="failed",
        cause="content_filter" if blocked else "provider_failed",
        message=f"{answers.word(task, 'failure') or 'Runway failed.'} {f'({code})' if code else ''}".strip(),
        again=code.startswith("INTERNAL."),
        billed=seen.billed,
    )


def _refused(answer: Incoming) -> ProviderError:
    """Refusals are `{"error": text}`: that credits are used up is a plain 400, which no code tells from others."""
    return answers.refusal(answer, answers.word(answers.said(answer), "error"))


def _used(model: str, day: str) -> Outgoing:
    """Credits by model and day, UTC: `organization.retrieve_usage` of the SDK."""
    del model  # all are told
    body = json.encode({"startDate": day})
    return Outgoing(method="POST", path="/v1/organization/usage", headers=_HEADERS, body=body)


def _uses(answer: Incoming, model: str) -> int:
    """What a model was charged for, less what was given back."""
    body = answers.document(answer, _refused)
    if not isinstance(body.get("results"), list):
        raise ProviderBroken("Runway's usage has no results")
    spent = 0
    for day in answers.entries(body, "results"):
        for one in answers.entries(day, "usedCredits"):
            amount = one.get("amount")
            if not isinstance(amount, int) or abs(amount) > _MOST_CREDITS:
                raise ProviderBroken("Runway's usage has an amount that is no number of credits")
            spent += amount if one.get("model") == model else 0
    return spent


WIRE: Final = VideoWire(
    submit=_submit,
    submitted=_submitted,
    poll=_poll,
    polled=_polled,
    poll_ms=6_000,
    cancel=_cancel,
    regain=answers.by_id,
    used=_used,
    uses=_uses,
    shows_s=_SETTLED_S,
    remakes={
        "remix": Remake("address", _CHANGERS[0]),
        "edit": Remake("address", _CHANGERS[0]),
    },
)
