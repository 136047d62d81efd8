"""Samples, and the short ways through the dialect that many tests take."""

import json
from functools import partial
from pathlib import Path

from madang.wire.contract import WriteContext
from madang.wire.messages import WIRE
from stand import asking, streams

SAMPLES = Path(__file__).parents[1] / "samples" / "messages"

CONTEXT = WriteContext(request_id="req_01abc", model="asked-for", created_s=1_700_000_000)

read_stream = partial(streams.read_stream, WIRE)


def write_stream(events):
    return streams.write_stream(WIRE, events, CONTEXT)


def sample(name):
    return (SAMPLES / name).read_bytes()


def sample_events(name):
    return [json.loads(line) for line in sample(name).splitlines()]


def read(**members):
    """A request as a caller would send it, read."""
    body = {"model": "claude-sonnet-4-6", "max_tokens": 99, "messages": _HELLO, **members}
    return WIRE.read_request(json.dumps(body).encode(), None, False)


def write(request, model="claude-sonnet-4-6"):
    """Body and losses of a request, written for a model."""
    return asking.rendered(WIRE, request, model)


_HELLO = [{"role": "user", "content": "hello"}]
