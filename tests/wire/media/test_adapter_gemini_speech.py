"""Gemini's speech: bare samples or a WAV file, as what the caller wants."""

import io
import json
import wave
from base64 import b64encode

import pytest
from media_asks import answer, body

from madang.errors import ContentFiltered, ContextOverflow, ProviderBroken, UnsupportedFeature
from madang.model.media import SpeechAsk
from madang.wire.media.contract import Incoming
from madang.wire.media.gemini_speech import WIRE

SAMPLES = bytes(range(256)) * 10
ASK = SpeechAsk(text="Hello there", voice="Kore", format="wav")
USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 25}


def spoken(data, mime="audio/L16;codec=pcm;rate=24000"):
    part = {"inlineData": {"mimeType": mime, "data": b64encode(data).decode()}}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    return answer({"candidates": [candidate], "usageMetadata": USAGE})


def a_wav(samples=SAMPLES, rate=24_000, channels=1):
    whole = io.BytesIO()
    with wave.open(whole, "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        sound.writeframes(samples)
    return whole.getvalue()


def test_a_text_and_a_voice_are_sent_and_what_it_cannot_say_is_a_loss():
    ask = SpeechAsk(text="Hi", voice="Puck", format="pcm", language="ko-KR", seed=7, timed=True)
    sent = WIRE.write(ask, "gemini-3.8-flash-tts")
    assert sent.path == "/models/gemini-3.8-flash-tts:generateContent"
    assert body(sent)["generationConfig"] == {
        "responseModalities": ["AUDIO"],
        "speechConfig": {
            "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}},
            "languageCode": "ko-KR",
        },
        "seed": 7,
    }
    assert sent.losses == ("timestamps",)
    assert sent.counts == {"characters": 2, "input_tokens": 2, "output_tokens": 10}


@pytest.mark.parametrize("given", [spoken(SAMPLES), spoken(a_wav(), "audio/wav")])
def test_samples_and_files_become_what_was_asked_for(given):
    """The older models send the ones, newer the others."""
    made = WIRE.read(given, ASK)
    assert made.mime == "audio/wav"
    with wave.open(io.BytesIO(made.audio)) as sound:
        assert (sound.getframerate(), sound.readframes(10_000)) == (24_000, SAMPLES)
    bare = WIRE.read(given, SpeechAsk(text="Hello there", voice="Kore", format="pcm"))
    assert (bare.audio, bare.mime) == (SAMPLES, "audio/pcm")
    assert bare.billed == {"characters": 11, "input_tokens": 3, "output_tokens": 25}


def test_other_formats_and_long_texts_are_refused():
    with pytest.raises(UnsupportedFeature, match="wav and pcm only"):
        WIRE.write(SpeechAsk(text="Hi", voice="Kore", format="mp3"), "gemini-3.8-flash-tts")
    with pytest.raises(ContextOverflow):
        WIRE.write(SpeechAsk(text="a" * 8_001, voice="Kore", format="wav"), "m")


def test_what_the_filter_held_back_is_told_as_that():
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
    with pytest.raises(ContentFiltered, match="speech"):
        WIRE.read(answer(blocked), ASK)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF" + bytes(60), a_wav(channels=2)])
def test_sound_that_is_none_is_a_broken_answer(data):
    given = spoken(data or b"\0", "audio/wav") if data else spoken(a_wav(b""), "audio/wav")
    with pytest.raises(ProviderBroken):
        WIRE.read(given, ASK)


def test_an_odd_rate_is_not_believed():
    made = WIRE.read(spoken(SAMPLES, "audio/L16;rate=999999999999"), ASK)
    with wave.open(io.BytesIO(made.audio)) as sound:
        assert sound.getframerate() == 24_000
    refused = Incoming(400, {}, json.dumps({"error": {"code": 400, "message": "no"}}).encode())
    with pytest.raises(Exception, match="no"):
        WIRE.read(refused, ASK)
