"""Streams of any dialect, in pieces: framed, read, written, relayed, and held to what the model promises."""

import itertools
import json
from collections.abc import Iterable, Iterator

from madang.model import (
    ChoiceEnded,
    CitationAdded,
    Ended,
    Failed,
    PartEnded,
    PartStarted,
    SignatureDelta,
    Started,
    TextDelta,
    UsageSeen,
)


def sse(events, newline="\n", *, named=True):
    """The framing of events on the wire, each named by its `type` where it has one.

    A string is the data as it is; one that begins with a colon or `event` is the whole event.
    """
    return (
        "".join(_framed(event, named) + "\n\n" for event in events).replace("\n", newline).encode()
    )


def _framed(event, named):
    if isinstance(event, str):
        return event if event.startswith((":", "event")) else f"data: {event}"
    head = f"event: {event['type']}\n" if named and "type" in event else ""
    return f"{head}data: {json.dumps(event, ensure_ascii=False)}"


def written_data(data):
    """What a client finds in the `data` lines of a stream; [DONE] as a string."""
    lines = [line[6:] for line in data.split(b"\n") if line.startswith(b"data: ")]
    return ["[DONE]" if line == b"[DONE]" else json.loads(line) for line in lines]


def pieces(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """The bytes, cut at these places."""
    places = [0, *sorted(cuts), len(data)]
    return (data[start:end] for start, end in itertools.pairwise(places))


def read_stream(wire, data, cuts=()):
    """The events of a stream that arrives cut at these places."""
    reader = wire.stream_reader()
    events = [event for piece in pieces(data, cuts) for event in reader.feed(piece)]
    return events + reader.close()


def write_stream(wire, events, context):
    """The bytes for the caller."""
    writer = wire.stream_writer(context)
    return b"".join(writer.feed(event) for event in events)


def relay(wire, data, cuts=(), *, keep_usage=True):
    """(bytes relayed, the meter) of a stream that arrives cut at these places."""
    meter = wire.meter(keep_usage)
    out = [meter.feed(piece) for piece in pieces(data, cuts)]
    return b"".join([*out, meter.close()]), meter


def check_promise(events):
    """Assert what every stream reader guarantees (see madang.model)."""
    assert isinstance(events[-1], Ended | Failed)
    assert not any(isinstance(event, Ended | Failed) for event in events[:-1])
    assert [type(e) for e in events].count(Started) == (0 if len(events) == 1 else 1)
    assert len(events) == 1 or isinstance(events[0], Started)
    opened, count, done = {}, {}, set()
    for event in events[1:-1]:
        if isinstance(event, UsageSeen):
            continue
        choice = event.choice
        assert choice not in done
        if isinstance(event, PartStarted):
            assert choice not in opened
            assert event.index == count.get(choice, 0)
            opened[choice] = event.index
            count[choice] = event.index + 1
        elif isinstance(event, ChoiceEnded):
            assert choice not in opened
            done.add(choice)
        elif isinstance(event, TextDelta | SignatureDelta | CitationAdded | PartEnded):
            assert opened[choice] == event.index
            if isinstance(event, PartEnded):
                del opened[choice]
    assert isinstance(events[-1], Failed) or not opened
