"""What callers get: speech, pictures and transcripts as OpenAI answers them, with timings beside."""

import base64
from collections.abc import Iterable
from typing import Any

from madang.model.media import Images, Speech, Timed, Transcript
from madang.wire import json

Answer = tuple[str, bytes]
"""A content type and a body."""


def speech(made: Speech, *, timed: bool = False, events: bool = False) -> Answer:
    """Sound as bytes; as JSON with timings where those were asked for; as server-sent events."""
    sound = base64.b64encode(made.audio).decode() if timed or events else ""
    if timed:
        return "application/json", json.encode(
            {
                "object": "speech",
                "audio": sound,
                "content_type": made.mime,
                "timestamps": _timing(made.timing),
            }
        )
    if events:
        said = ({"type": "speech.audio.delta", "audio": sound}, {"type": "speech.audio.done"})
        return "text/event-stream; charset=utf-8", b"".join(
            b"data: %b\n\n" % json.encode(one) for one in said
        )
    return made.mime, made.audio


def images(made: Images, created_s: int) -> Answer:
    """Pictures as base64, or where they are."""
    data: list[dict[str, Any]] = []
    for one in made.pictures:
        shown: dict[str, Any] = {}
        if one.data is not None:
            shown["b64_json"] = base64.b64encode(one.data).decode()
        else:
            shown["url"] = one.url
        if made.prompt is not None:
            shown["revised_prompt"] = made.prompt
        data.append(shown)
    body: dict[str, Any] = {"created": created_s, "data": data}
    if "output_tokens" in made.billed:
        entered, left = made.billed.get("input_tokens", 0), made.billed["output_tokens"]
        body["usage"] = {
            "input_tokens": entered,
            "output_tokens": left,
            "total_tokens": entered + left,
        }
    return "application/json", json.encode(body)


def transcript(made: Transcript, shape: str) -> Answer:
    """A transcript as `json`, `verbose_json`, `text`, `srt` or `vtt`."""
    if shape == "text":
        return "text/plain; charset=utf-8", made.text.encode() + b"\n"
    if shape == "srt":
        cues = [
            f"{n}\n{_clock(one.start_ms, ',')} --> {_clock(one.end_ms, ',')}\n{one.text}\n"
            for n, one in enumerate(made.timing, 1)
        ]
        return "application/x-subrip; charset=utf-8", "\n".join(cues).encode()
    if shape == "vtt":
        cues = [
            f"{_clock(one.start_ms, '.')} --> {_clock(one.end_ms, '.')}\n{one.text}\n"
            for one in made.timing
        ]
        return "text/vtt; charset=utf-8", "\n".join(["WEBVTT\n", *cues]).encode()
    body: dict[str, Any] = {"text": made.text}
    seconds = made.duration_ms / 1000 if made.duration_ms is not None else None
    if shape == "verbose_json":
        words = [
            {"word": one.text, "start": one.start_ms / 1000, "end": one.end_ms / 1000}
            for one in made.timing
        ]
        body |= {
            "task": "transcribe",
            "language": made.language,
            "duration": seconds,
            "words": words,
        }
    elif seconds is not None:
        body["usage"] = {"type": "duration", "seconds": seconds}
    return "application/json", json.encode(body)


def _timing(timing: Iterable[Timed]) -> list[dict[str, Any]]:
    return [{"text": one.text, "start_ms": one.start_ms, "end_ms": one.end_ms} for one in timing]


def _clock(at_ms: int, point: str) -> str:
    seconds, rest = divmod(max(0, at_ms), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"
