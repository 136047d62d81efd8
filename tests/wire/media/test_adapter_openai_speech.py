"""Speech that is sold by tokens is asked for as events: they alone say how many tokens there were."""

import pytest

from madang.errors import ProviderBroken
from madang.model.media import SpeechAsk
from madang.wire import json
from madang.wire.media.contract import Incoming
from madang.wire.media.openai_audio import SPEECH

ASK = SpeechAsk(text="So late?", voice="nova", format="wav")
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}
DELTAS = b'data: {"type":"speech.audio.delta","audio":"UklG"}\n\ndata: {"type":"speech.audio.delta","audio":"Rg=="}\n\n'
DONE = b'data: {"type":"speech.audio.done","usage":{"input_tokens":3,"output_tokens":14,"total_tokens":17}}\n\n'


@pytest.mark.parametrize(("model", "events"), [("gpt-4o-mini-tts", True), ("tts-1", False)])
def test_only_models_that_are_sold_by_tokens_are_asked_for_events(model, events):
    sent = SPEECH.write(ASK, model)
    assert (json.answer_object(sent.body).get("stream_format") == "sse") is events
    assert ("output_tokens" in sent.counts) is events


def test_the_sound_is_put_together_and_the_tokens_are_billed():
    heard = SPEECH.read(Incoming(200, EVENTS, DELTAS + DONE), ASK)
    assert (heard.audio, heard.mime) == (b"RIFF", "audio/wav")
    assert heard.billed == {"characters": 8, "input_tokens": 3, "output_tokens": 14}


def test_a_server_that_sends_the_sound_itself_is_understood_too():
    heard = SPEECH.read(Incoming(200, {"content-type": "audio/wav"}, b"RIFF"), ASK)
    assert (heard.audio, heard.billed) == (b"RIFF", {"characters": 8})


@pytest.mark.parametrize(
    "body", [DELTAS, DONE, b'data: {"type":"speech.audio.delta","audio":"?"}\n\n']
)
def test_half_a_sound_is_none(body):
    with pytest.raises(ProviderBroken):
        SPEECH.read(Incoming(200, EVENTS, body), ASK)
