"""Samples, and the short ways through the dialect that many tests take."""

import json
from functools import cache, partial
from pathlib import Path

import pytest

from madang.model import (
    ChoiceEnded,
    CitationAdded,
    Image,
    LogprobsAdded,
    Opaque,
    PartStarted,
    Refusal,
    SignatureDelta,
    Text,
    TextDelta,
    Thinking,
    ToolCall,
    UsageSeen,
)
from madang.wire.contract import WriteContext
from madang.wire.responses import WIRE
from stand import asking, streams

SAMPLES = Path(__file__).parents[1] / "samples" / "responses"

CONTEXT = WriteContext(request_id="req_01abc", model="asked-for", created_s=1_700_000_000)

read_stream = partial(streams.read_stream, WIRE)
foreign = partial(asking.foreign, dialect="messages")


def write_stream(events, context=CONTEXT):
    return streams.write_stream(WIRE, events, context)


def relay(data, piece=61):
    """A stream through the meter, in pieces: the bytes, and the meter."""
    return streams.relay(WIRE, data, range(piece, len(data), piece), keep_usage=False)


@cache
def samples(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def every(name):
    """Parametrise over the cases of a sample file."""
    cases = samples(name)
    return pytest.mark.parametrize("case", cases, ids=[case["about"] for case in cases])


def fold(events):
    """What a stream says: its parts as lists, why it ended, and the rest."""
    said = {"says": [], "stop": None, "usage": None, "logprobs": [], "end": events[-1]}
    for event in events:
        match event:
            case PartStarted():
                said["says"].append(_opened(event.part))
            case TextDelta():
                part = said["says"][-1]
                part[2 if part[0] in {"call", "custom"} else 1] += event.text
            case SignatureDelta():
                said["says"][-1][2] = event.signature
            case CitationAdded():
                said["says"][-1].append(event.citation.url)
            case LogprobsAdded():
                said["logprobs"] += [entry["token"] for entry in event.logprobs]
            case UsageSeen():
                said["usage"] = event.usage
            case ChoiceEnded():
                said["stop"] = event.stop
    return _tidied(said)


def _opened(part):
    match part:
        case Text():
            return ["text", part.text]
        case Refusal():
            return ["refusal", part.text]
        case Thinking():
            return ["thinking", part.text, part.signature]
        case ToolCall():
            return ["custom" if part.custom else "call", part.name, part.arguments]
        case Image():
            return ["image", part.media.mime]
        case Opaque():
            return ["other", part.kind]
    raise AssertionError(part)


def _tidied(said):
    """A text's sources in a list of their own."""
    said["says"] = [
        [*part[:2], part[2:]] if part[0] == "text" and part[2:] else part for part in said["says"]
    ]
    return said


def read(**members):
    """A request as a caller would send it, read."""
    body = {"model": "gpt-5.2", "input": "hello", **members}
    return WIRE.read_request(json.dumps(body).encode(), None, False)


def read_items(*items):
    """The messages of a request with these items."""
    return read(input=list(items)).messages


def write(request, model="gpt-5.2"):
    """Body and losses of a request, written for a model."""
    return asking.rendered(WIRE, request, model)
