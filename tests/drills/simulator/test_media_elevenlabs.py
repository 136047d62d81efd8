"""The official ElevenLabs library speaks to the simulator."""

from base64 import b64decode

import httpx
import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from media_files import contents

from madang.drills.simulator.media.traps import Trap

VOICE = "JBFqnCBsd6RMkjVDRZzb"


@pytest.fixture
def eleven(sim, media):
    with httpx.Client() as client:
        yield ElevenLabs(api_key="key", base_url=sim.url, httpx_client=client)


def _refusal(eleven, voice=VOICE, **fields):
    ask = {"text": "Hello"} | fields
    with pytest.raises(ApiError) as refusal:
        list(eleven.text_to_speech.convert(voice, request_options={"max_retries": 0}, **ask))
    return refusal.value


@pytest.mark.parametrize(
    ("asked", "codec"),
    [("mp3_44100_128", "mp3"), ("wav_44100", "pcm_s16le"), ("opus_48000_64", "opus")],
)
def test_text_is_spoken_in_the_asked_format(eleven, media, asked, codec):
    sound = b"".join(eleven.text_to_speech.convert(VOICE, text="x" * 30, output_format=asked))
    heard = contents(sound)
    assert heard.codecs == (codec,)
    assert heard.seconds == pytest.approx(2, abs=0.1)
    assert (media.book.of("elevenlabs")[0].nusd, media.book.of("elevenlabs")[0].credits) == (
        30 * 100_000,
        30,
    )


def test_flash_costs_half_a_credit_a_character(eleven, media):
    list(eleven.text_to_speech.stream(VOICE, text="x" * 31, model_id="eleven_flash_v2_5"))
    assert media.book.of("elevenlabs")[0].credits == 16


def test_samples_have_the_asked_rate(eleven):
    sound = b"".join(eleven.text_to_speech.convert(VOICE, text="x" * 15, output_format="pcm_24000"))
    assert len(sound) == 2 * 24_000


def test_the_times_of_characters_come_with_the_sound(eleven):
    told = eleven.text_to_speech.convert_with_timestamps(VOICE, text="Hi 여우")
    timing = told.alignment
    assert timing.characters == list("Hi 여우")
    assert timing.character_start_times_seconds[1] == pytest.approx(1 / 15, abs=0.001)
    # three at 15 a second, two of Hangul at 6
    assert timing.character_end_times_seconds[-1] == pytest.approx(3 / 15 + 2 / 6, abs=0.001)
    assert contents(b64decode(told.audio_base_64)).codecs == ("mp3",)


def test_the_times_come_with_a_stream_as_well(eleven):
    chunks = list(eleven.text_to_speech.stream_with_timestamps(VOICE, text="A fox " * 40))
    assert chunks[0].alignment.characters[:3] == ["A", " ", "f"]
    assert contents(b"".join(b64decode(chunk.audio_base_64) for chunk in chunks)).codecs == ("mp3",)


@pytest.mark.parametrize(
    ("trap", "word"),
    [("busy", "system_busy"), ("concurrent", "too_many_concurrent_requests")],
)
def test_two_refusals_with_429_mean_different_things(eleven, media, trap, word):
    media.set_traps(Trap(trap))
    refusal = _refusal(eleven)
    assert (refusal.status_code, refusal.body["detail"]["status"]) == (429, word)
    assert not media.book.entries


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        ({"voice": "no-voice"}, 404, "voice_not_found"),
        ({"text": "x" * 10_001}, 400, "max_character_limit_exceeded"),
        ({"model_id": "eleven_v9"}, 400, "model_not_found"),
        ({"voice_settings": {"speed": 3}}, 400, "invalid_voice_settings"),
    ],
)
def test_refusals_have_a_word(eleven, fields, status, word):
    refusal = _refusal(eleven, **fields)
    assert (refusal.status_code, refusal.body["detail"]["status"]) == (status, word)


@pytest.mark.parametrize(
    ("key", "word"), [("invalid", "invalid_api_key"), ("quota", "quota_exceeded")]
)
def test_bad_keys_and_empty_accounts_are_both_401(sim, media, key, word):
    refusal = _refusal(ElevenLabs(api_key=key, base_url=sim.url))
    assert (refusal.status_code, refusal.body["detail"]["status"]) == (401, word)


def test_a_format_that_there_is_not_is_422_with_its_place(eleven):
    refusal = _refusal(eleven, output_format="mp3_1")
    assert (refusal.status_code, refusal.body["detail"][0]["loc"]) == (
        422,
        ["body", "output_format"],
    )


def test_a_bearer_is_no_key_here(sim, media):
    url = f"{sim.url}/v1/text-to-speech/{VOICE}"
    answer = httpx.post(url, json={"text": "Hi"}, headers={"authorization": "Bearer key"})
    assert answer.status_code == 401
