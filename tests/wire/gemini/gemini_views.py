"""What the tests of this dialect share: samples, and one flat view of an answer to compare."""

import json
from pathlib import Path
from typing import Any

from madang.model import (
    Answer,
    Audio,
    Choice,
    ChoiceEnded,
    Citation,
    CitationAdded,
    Document,
    Event,
    Failed,
    Image,
    LogprobsAdded,
    Opaque,
    Part,
    PartStarted,
    SignatureDelta,
    Text,
    TextDelta,
    Thinking,
    ToolCall,
    Usage,
    UsageSeen,
    Video,
)
from madang.wire.contract import WriteContext
from madang.wire.gemini import WIRE
from stand import streams

SAMPLES = Path(__file__).parents[1] / "samples" / "gemini"
CONTEXT = WriteContext(request_id="req_1", model="gemini-2.5-flash", created_s=1_700_000_000)
ARRAY = WriteContext(
    request_id="req_1", model="gemini-2.5-flash", created_s=1_700_000_000, array=True
)


def sse(*documents: Any) -> bytes:
    """Documents as Google frames them."""
    return streams.sse(documents, "\r\n", named=False)


def read_stream(body: bytes, *cuts: int) -> list[Event]:
    """All events of a stream that arrives in pieces cut at these places."""
    return streams.read_stream(WIRE, body, [cut % (len(body) + 1) for cut in cuts])


def write_stream(events: list[Event], context: WriteContext = CONTEXT) -> bytes:
    return streams.write_stream(WIRE, events, context)


def sample_names(*framings: str) -> list[str]:
    """The samples with one of the framings."""
    found = []
    for path in sorted(SAMPLES.glob("*.json")):
        if json.loads(path.read_text())["framing"] in framings:
            found.append(path.stem)
    return found


def sample(name: str) -> tuple[bytes, dict[str, Any]]:
    """The bytes that a provider sends, and what they mean."""
    data = json.loads((SAMPLES / f"{name}.json").read_text())
    body, framing = data["body"], data["framing"]
    if framing == "events":
        return sse(*body), data["expect"]
    return json.dumps(body, ensure_ascii=False, indent=2).encode(), data["expect"]


def collect(events: list[Event]) -> tuple[Answer, Failed | None]:
    """The answer that events add up to, built the plain way."""
    parts: dict[int, list[list[Any]]] = {}
    ends: dict[int, ChoiceEnded] = {}
    logprobs: dict[int, list[Any]] = {}
    usage, failed = None, None
    for event in events:
        match event:
            case PartStarted():
                signature = getattr(event.part, "signature", None) or ""
                parts.setdefault(event.choice, []).append([event.part, "", signature, []])
            case TextDelta():
                parts[event.choice][event.index][1] += event.text
            case SignatureDelta():
                parts[event.choice][event.index][2] += event.signature
            case CitationAdded():
                parts[event.choice][event.index][3].append(event.citation)
            case LogprobsAdded():
                logprobs.setdefault(event.choice, []).extend(event.logprobs)
            case ChoiceEnded():
                ends[event.choice] = event
            case UsageSeen():
                usage = event.usage
            case Failed():
                failed = event
    choices = tuple(
        Choice(
            parts=tuple(_joined(*part) for part in parts.get(index, ())),
            stop=ends[index].stop if index in ends else None,
            stop_raw=ends[index].stop_raw if index in ends else None,
            logprobs=logprobs.get(index),
        )
        for index in sorted({*parts, *ends})
    )
    return Answer(model="", choices=choices, usage=usage), failed


def _joined(part: Part, text: str, signature: str, citations: list[Citation]) -> Part:
    match part:
        case Text():
            return Text(part.text + text, citations=tuple(citations), signature=signature or None)
        case Thinking():
            return Thinking(part.text + text, signature=signature or None, origin=part.origin)
        case ToolCall():
            return ToolCall(part.id, part.name, part.arguments + text, signature=signature or None)
        case _:
            return part


def view(answer: Answer, failed: Failed | None = None) -> dict[str, Any]:
    """An answer as the samples describe it; what is empty is left out."""
    first = answer.choices[0] if answer.choices else Choice(parts=(), stop=None)
    calls = [part for part in first.parts if isinstance(part, ToolCall)]
    found = {
        "text": text_of(first, Text),
        "thinking": text_of(first, Thinking),
        "calls": [[call.name, json.loads(call.arguments)] for call in calls],
        "signatures": [part.signature for part in first.parts if getattr(part, "signature", None)],
        "media": [_media(part) for part in first.parts if isinstance(part, Image | Audio | Video)],
        "opaque": [part.kind for part in first.parts if isinstance(part, Opaque)],
        "citations": [
            [citation.url, citation.start, citation.end]
            for part in first.parts
            if isinstance(part, Text)
            for citation in part.citations
        ],
        "logprobs": first.logprobs,
        "others": [text_of(choice, Text) for choice in answer.choices[1:]],
        "stop": first.stop,
        "stop_raw": first.stop_raw,
        "failed": failed.kind if failed else None,
    }
    return {name: value for name, value in found.items() if value} | {"usage": _usage(answer.usage)}


def text_of(choice: Choice, kind: type) -> str:
    return "".join(part.text for part in choice.parts if isinstance(part, kind))


def _media(part: Image | Audio | Video | Document) -> str:
    assert part.media is not None
    return f"{type(part).__name__} {part.media.mime} {part.media.data or part.media.url}"


def _usage(usage: Usage | None) -> dict[str, int] | None:
    if usage is None:
        return None
    always = ("input", "output", "cache_read", "reasoning")
    figures = {name: getattr(usage, name) for name in always}
    if usage.audio_output:
        figures["audio_output"] = usage.audio_output
    return figures
