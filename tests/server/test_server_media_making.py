"""Speech, pictures and transcripts through a gateway, by OpenAI's own library; the makers' book beside the ledger."""

import base64

import openai
import pytest
from server_gateway import Gateway
from server_media import booked, client, made_config

TEXT = "It was a dark and stormy night."


@pytest.fixture
def key(studio):
    return studio.make_key("voices")[1]


def test_speech_is_paid_by_the_character(studio, key, stage):
    spoken = client(studio, key).audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
    assert len(spoken.read()) > 500
    headers = spoken.response.headers
    rows = booked(studio, f"request_id = '{headers['x-request-id']}'")
    assert [(row[3], row[4]) for row in rows] == [("ok", stage.charged)]
    assert stage.charged == len(TEXT) * 15_000


def test_elevenlabs_speaks_openais_requests_with_times(studio, key, stage):
    asked = {"model": "elevenlabs/eleven_multilingual_v2", "voice": "21m00Tcm4TlvDq8ikWAM"}
    said = studio.call(
        "POST", "/v1/audio/speech", key, json={**asked, "input": TEXT, "timestamps": True}
    )
    assert said.status_code == 200, said.text
    body = said.json()
    assert "".join(one["text"] for one in body["timestamps"]) == TEXT
    assert base64.b64decode(body["audio"])
    rows = booked(studio, f"request_id = '{said.headers['x-request-id']}'")
    assert [row[4] for row in rows] == [stage.charged]


def test_a_name_is_answered_once_and_charged_once(studio, key, stage):
    asked = {"model": "tts-1", "voice": "alloy", "input": TEXT}
    named = {"idempotency-key": f"line-1-{key[-6:]}"}
    first = studio.call("POST", "/v1/audio/speech", key, json=asked, headers=named)
    second = studio.call("POST", "/v1/audio/speech", key, json=asked, headers=named)
    assert (first.status_code, first.content) == (200, second.content)
    assert second.headers["idempotent-replayed"] == "true"
    assert len(stage.book) == 1
    rows = booked(studio, f"request_id = '{second.headers['x-request-id']}'")
    assert [(row[3], row[4]) for row in rows] == [("hit", 0)]
    other = studio.call(
        "POST", "/v1/audio/speech", key, json={**asked, "input": "No."}, headers=named
    )
    assert other.status_code == 422


def test_pictures_are_paid_by_their_tokens(studio, key, stage):
    drawn = client(studio, key).images.generate(model="gpt-image-1", prompt="A fox", n=2)
    assert [base64.b64decode(one.b64_json)[1:4] for one in drawn.data] == [b"PNG"] * 2
    rows = booked(studio, "dialect = 'images'")
    assert rows[-1][4] == stage.charged > 0


def test_a_recording_is_written_down_and_paid_by_the_second(studio, key, stage):
    audio = client(studio, key).audio
    wav = audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="wav"
    ).read()
    heard = audio.transcriptions.create(model="whisper-1", file=("night.wav", wav))
    assert heard.text == TEXT
    cost = booked(studio, "dialect = 'transcriptions'")[-1][4]
    assert cost == heard.usage.seconds * 100_000  # 0.006 dollars a minute, by the maker's own count
    words = audio.transcriptions.create(
        model="whisper-1", file=("night.wav", wav), response_format="srt"
    )
    assert "00:00:00" in str(words)


def test_what_no_voice_can_speak_is_refused_before_anybody_is_asked(studio, key, stage):
    speech = client(studio, key).audio.speech
    with pytest.raises(openai.BadRequestError, match="10,000 characters"):
        speech.create(model="tts-1", voice="alloy", input="a" * 10_000)
    with pytest.raises(openai.BadRequestError, match="speed"):
        speech.create(model="tts-1", voice="alloy", input="a", speed=9)
    with pytest.raises(openai.NotFoundError):
        speech.create(model="no-such-voice", voice="alloy", input="a")
    assert stage.book == []


def test_a_body_that_is_too_large_is_refused_as_such(makers, tmp_path):
    with Gateway(tmp_path, {**made_config(makers), "server": {"max_body_mb": 1}}) as own:
        key = own.make_key("k")[1]
        with pytest.raises(openai.APIStatusError) as refused:
            client(own, key).audio.transcriptions.create(
                model="whisper-1", file=("a.wav", b"x" * 3_000_000)
            )
        assert refused.value.status_code == 413


def test_a_budget_holds_for_speech(makers, stage, tmp_path):
    with Gateway(tmp_path, made_config(makers)) as own:
        key = own.make_key("poor", budget_usd="0.0005")[1]  # 33 characters
        speech = client(own, key).audio.speech
        speech.create(model="tts-1", voice="alloy", input=TEXT)
        with pytest.raises(openai.APIStatusError) as refused:
            speech.create(model="tts-1", voice="alloy", input=TEXT)
        assert refused.value.status_code == 402
        assert len(stage.book) == 1
