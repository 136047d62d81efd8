"""Gemini's voices through a gateway: by OpenAI's library, and by Google's own in its own dialect."""

import io
import wave

import openai
import pytest
from google import genai
from google.genai import types
from server_gateway import Gateway
from server_media import FREE, booked, client, made_config

TEXT = "It was a dark and stormy night."
MODEL = "gemini-3.8-flash-tts"


@pytest.fixture(scope="module")
def gateway(makers, tmp_path_factory):
    config = made_config(makers)
    config["providers"]["gemini"] = {
        "base_url": f"{makers._running.url}/v1beta",
        "api_key": "key-gemini-PLANTED",
        **FREE,
    }
    with Gateway(tmp_path_factory.mktemp("gemini"), config) as running:
        yield running


@pytest.fixture
def key(gateway):
    return gateway.make_key("voices")[1]


def test_openais_library_hears_gemini_and_pays_its_tokens(gateway, key, stage):
    speech = client(gateway, key).audio.speech
    spoken = speech.create(model=MODEL, voice="Kore", input=TEXT, response_format="wav")
    with wave.open(io.BytesIO(spoken.read())) as sound:
        assert sound.getframerate() == 24_000
        assert sound.getnframes() > 24_000
    rows = booked(gateway, f"request_id = '{spoken.response.headers['x-request-id']}'")
    assert [(row[2], row[3], row[4]) for row in rows] == [("gemini", "ok", stage.charged)]
    assert stage.charged > 0


def test_googles_library_hears_it_in_its_own_dialect(gateway, key, stage):
    options = types.HttpOptions(base_url=gateway.url)
    google = genai.Client(api_key=key, http_options=options)
    voice = types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Kore"))
    config = types.GenerateContentConfig(
        response_modalities=["AUDIO"], speech_config=types.SpeechConfig(voice_config=voice)
    )
    for model in (MODEL, "gemini/gemini-2.5-flash-preview-tts"):
        made = google.models.generate_content(model=model, contents=TEXT, config=config)
        file = made.candidates[0].content.parts[0].inline_data
        assert file.mime_type.startswith("audio/")
        assert len(file.data) > 24_000
    rows = booked(gateway, "dialect = 'gemini'")
    assert [row[4] for row in rows] == [entry.nusd for entry in stage.book]


def test_it_says_nothing_in_other_dialects_of_text(gateway, key, stage):
    chat = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
    refused = gateway.call("POST", "/v1/chat/completions", key, json=chat)
    assert refused.status_code == 400
    assert "/v1/audio/speech" in refused.json()["error"]["message"]


def test_formats_that_it_has_not_are_refused_in_clear_words(gateway, key, stage):
    with pytest.raises(openai.BadRequestError, match="wav and pcm only"):
        client(gateway, key).audio.speech.create(model=MODEL, voice="Kore", input=TEXT)
    assert stage.book == []


def test_the_cheapest_of_all_voices_that_can_speaks(gateway, key, stage):
    """Of those that have Gemini's voices; sold by tokens, they are compared all the same."""
    line = {"model": "speech:auto", "voice": "Kore", "input": TEXT, "response_format": "wav"}
    said = gateway.call("POST", "/v1/audio/speech", key, json=line)
    assert said.status_code == 200, said.text
    assert said.headers["x-madang-model"] == "gemini-3.8-flash-lite-tts"
