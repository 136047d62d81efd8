"""Samples, recordings, and the short ways through the dialect that many tests take."""

import json
from functools import partial
from pathlib import Path

from madang.model import (
    Audio,
    ChoiceEnded,
    CitationAdded,
    Ended,
    Image,
    LogprobsAdded,
    Message,
    Opaque,
    PartStarted,
    Refusal,
    Request,
    SignatureDelta,
    Text,
    TextDelta,
    Thinking,
    ToolCall,
    UsageSeen,
)
from madang.wire.chat import WIRE
from madang.wire.contract import WriteContext
from stand import streams
from stand.traffic import recorded, recording, score

SAMPLES = Path(__file__).parents[1] / "samples" / "chat"

CONTEXT = WriteContext(
    request_id="req_01abc", model="asked-for", created_s=1_700_000_000, include_usage=True
)

sse = partial(streams.sse, named=False)
read_stream = partial(streams.read_stream, WIRE)
relay = partial(streams.relay, WIRE)


def write_stream(events, context=CONTEXT):
    return streams.write_stream(WIRE, events, context)


def sample(name):
    return json.loads((SAMPLES / name).read_text("utf-8"))


def sample_streams():
    """The sample streams. They leave out what every provider sends: `index` 0 of the choice."""
    cases = [*sample("stream_calls.json"), *sample("stream_content.json")]
    for case in cases:
        for sent in case["chunks"]:
            for choice in sent["choices"] if isinstance(sent, dict) else []:
                choice.setdefault("index", 0)
    return cases


def chunk(delta=None, finish=None, index=0, **more):
    """One ordinary chunk."""
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    return {
        "id": "chatcmpl-9",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


def noted(meter):
    """What a meter knows in the end."""
    return (meter.usage, meter.stop, meter.ended, meter.failed, meter.text_bytes)


def read_body(**members):
    """A neutral request from a body with these members and one short message."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **members}
    return WIRE.read_request(json.dumps(body).encode(), None, False)


def ask(*messages, dialect="chat", **members):
    """A neutral request."""
    said = messages or (Message("user", (Text("hi"),)),)
    return Request(dialect=dialect, model="asked", messages=said, **members)


def written(request):
    """(body, losses) of a request for the model `target`."""
    rendered = WIRE.write_request(request, "target")
    return json.loads(rendered.body), rendered.losses


def fold(events):
    """What a stream says, as plain values: per choice a list of [kind, text or name, …]; and how it ended."""
    choices, stops, usage, parts = {}, {}, None, {}
    for event in events:
        match event:
            case PartStarted(choice, _, part):
                parts[choice] = _plain(part)
                choices.setdefault(choice, []).append(parts[choice])
            case TextDelta(choice, _, text):
                parts[choice][-1] += text
            case SignatureDelta(choice, _, signature):
                parts[choice][0] = "signed thinking"
                assert signature
            case CitationAdded(choice, _, citation):
                parts[choice].insert(1, citation.url)
            case ChoiceEnded(choice, stop):
                stops[choice] = stop
            case UsageSeen(usage):
                pass
            case LogprobsAdded(choice, logprobs):
                choices.setdefault(choice, []).append(["logprobs", len(logprobs)])
    end = events[-1]
    ended = "ended" if isinstance(end, Ended) else f"failed: {end.kind}"
    return {"choices": choices, "stops": stops, "usage": usage, "end": ended}


def _plain(part):
    match part:
        case Text() | Refusal():
            return [type(part).__name__.lower(), part.text]
        case Thinking(redacted=True):
            return ["redacted thinking", part.text]
        case Thinking():
            return ["thinking", part.text]
        case ToolCall():
            return ["custom call" if part.custom else "call", part.name, part.arguments]
        case Image():
            return ["image", part.media.mime]
        case Audio():
            return ["audio", part.transcript]
        case Opaque():
            return ["opaque", part.kind]
    raise AssertionError(part)


def recordings():
    """The core recordings of this dialect: (name, recording)."""
    return [(name, recording(name)) for name in recorded(api="openai_chat")]


def answers(*, streamed):
    """(name, recording, body bytes) of the recorded answers, streamed or whole."""
    found = []
    for name, norm in recordings():
        response = norm["response"]
        kind = response["headers"].get("content-type", "")
        is_stream = score().is_sse(kind, response["body"])
        if response["status"] < 400 and is_stream is streamed:
            found.append((name, norm, response["body"].encode()))
    return found
