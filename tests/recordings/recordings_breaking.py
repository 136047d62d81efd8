"""Ways in which a provider's stream breaks, made by small edits of recorded ones."""

import re
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from recordings_traffic import Recording, recordings

from stand.traffic import APIS, score

_EVENT_END = re.compile(r"\r\n\r\n|\n\n|\r\r")
_GARBAGE = (
    'data: {"choices": [{"delta": {\n\n',
    "data: upstream connect error or disconnect/reset before headers\n\n",
    "data: <html><body>502 Bad Gateway</body></html>\n\n",
)
_ERRORS = {
    "chat": 'data: {"error":{"message":"it broke","type":"server_error","code":"boom"}}\n\n',
    "responses": 'event: error\ndata: {"type":"error","code":"server_error","message":"it broke",'
    '"param":null,"sequence_number":9}\n\n',
    "messages": 'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"x"}}\n\n',
    "gemini": 'data: {"error":{"code":503,"message":"it broke","status":"UNAVAILABLE"}}\r\n\r\n',
}


class Broken(NamedTuple):
    """A stream that breaks: what the provider sends, how it is played, and what of it can be understood."""

    recording: Recording
    way: str
    norm: dict[str, Any]
    play: dict[str, Any]
    seen: str

    @property
    def is_finished(self) -> bool:
        """Whether what can be understood is a whole answer nevertheless: it broke after its end."""
        ends = [found.end() for found in _EVENT_END.finditer(self.seen)]
        for seen in (self.seen, self.seen[: ends[-1] if ends else 0]):
            try:
                view = score().response_view(
                    APIS[self.recording.dialect], 200, "text/event-stream", seen
                )
            except ValueError:
                continue
            return view["complete"]
        return False


def whole_streams() -> list[Recording]:
    """Recorded streams that ended well."""
    found = []
    for recording in recordings():
        view = score().native_view(recording.norm) if recording.has_stream else {"complete": False}
        if view["complete"] and not view["error"]:
            found.append(recording)
    return found


def _at_an_event(text: str, chance: Random) -> int:
    """The end of some event but the last."""
    ends = [found.end() for found in _EVENT_END.finditer(text)]
    return chance.choice(ends[:-1] or [0])


def _reset(recording: Recording, text: str, chance: Random) -> Broken:
    """The connection is reset after any byte."""
    size = len(text.encode())
    cut = chance.randrange(1, size)
    seen = text.encode()[:cut].decode(errors="ignore")
    pace = chance.choice(["event", "bytes:200"])
    return _broken(recording, "reset", text, seen, pace=pace, cut=cut)


def _closed(recording: Recording, text: str, chance: Random) -> Broken:
    """The body ends, as if well, after any byte."""
    seen = text[: chance.randrange(1, len(text))]
    return _broken(recording, "closed", seen, seen, pace="event")


def _stopless(recording: Recording, text: str, chance: Random) -> Broken:
    """It ends between two events."""
    seen = text[: _at_an_event(text, chance)]
    return _broken(recording, "stopless", seen, seen, pace="event")


def _malformed(recording: Recording, text: str, chance: Random) -> Broken:
    """Something that is no JSON comes between two events."""
    at = _at_an_event(text, chance)
    return _broken(
        recording, "malformed", text[:at] + chance.choice(_GARBAGE) + text[at:], text[:at]
    )


def _failing(recording: Recording, text: str, chance: Random) -> Broken:
    """The provider reports an error between two events, and goes on or not."""
    at = _at_an_event(text, chance)
    rest = chance.choice(["", text[at:]])
    return _broken(recording, "failing", text[:at] + _ERRORS[recording.dialect] + rest, text[:at])


def _stalled(recording: Recording, text: str, chance: Random) -> Broken:
    """Nothing more comes after some event."""
    seen = text[: _at_an_event(text, chance)]
    return _broken(recording, "stalled", seen, seen, pace="whole", delay=3.0)


def _broken(recording: Recording, way: str, text: str, seen: str, **play: Any) -> Broken:
    response = {**recording.norm["response"], "body": text}
    play = {"pace": "event", "delay": 0.001, **play}
    return Broken(recording, way, {**recording.norm, "response": response}, play, seen)


_Way = Callable[[Recording, str, Random], Broken]
CUTS: tuple[_Way, ...] = (_reset, _closed)
OTHERS: tuple[_Way, ...] = (_stopless, _malformed, _failing, _stalled)


def broken_streams(ways: tuple[_Way, ...], count: int, seed: int) -> list[Broken]:
    """So many of them, the same ones for the same seed."""
    chance = Random(seed)
    streams = whole_streams()
    found = []
    for number in range(count):
        recording = chance.choice(streams)
        found.append(ways[number % len(ways)](recording, recording.body.decode(), chance))
    return found
