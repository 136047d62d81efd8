"""ElevenLabs: what is sent, when each character is heard, and the two 429s."""

import pytest
from media_asks import CODED, PNG, answer, body

from madang.errors import (
    ContextOverflow,
    InvalidRequest,
    ProviderBroken,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
    UnsupportedFeature,
)
from madang.model.media import SpeechAsk, Timed
from madang.wire.media.contract import Incoming
from madang.wire.media.elevenlabs import WIRE

VOICE = "21m00Tcm4TlvDq8ikWAM"


def ask(**wishes):
    return SpeechAsk(**{"text": "Hallo", "voice": VOICE, **wishes})


def timed(**changed):
    alignment = {
        "characters": ["H", "i"],
        "character_start_times_seconds": [0, 0.1],
        "character_end_times_seconds": [0.1, 0.25],
    }
    spoken = {"audio_base64": CODED, "alignment": {**alignment, **changed}}
    return WIRE.read(answer(spoken), ask(text="Hi", timed=True))


def test_a_request_has_the_voice_in_its_path_and_the_format_in_its_query():
    sent = WIRE.write(ask(seed=4, speed=1.1, before="Eins."), "eleven_multilingual_v2")
    assert sent.path == f"/v1/text-to-speech/{VOICE}?output_format=mp3_44100_128"
    assert body(sent) == {
        "text": "Hallo",
        "model_id": "eleven_multilingual_v2",
        "previous_text": "Eins.",
        "voice_settings": {"speed": 1.1},
        "seed": 4,
    }
    assert sent.counts == {"characters": 5}


def test_moments_are_asked_for_elsewhere():
    sent = WIRE.write(ask(timed=True, format="pcm"), "eleven_v3")
    assert sent.path.endswith("/with-timestamps?output_format=pcm_24000")


def test_a_language_is_told_to_those_who_mind_it():
    assert body(WIRE.write(ask(language="ko-KR"), "eleven_flash_v2_5"))["language_code"] == "ko"
    sent = WIRE.write(ask(language="ko", instructions="sadly"), "eleven_multilingual_v2")
    assert sent.losses == ("language", "instructions")
    assert WIRE.write(ask(before="a", after="b"), "eleven_v3").losses == ("before", "after")


def test_settings_of_the_callers_own_are_kept_beside_the_speed():
    fields = {"voice_settings": {"stability": 0.3}}
    sent = WIRE.write(ask(speed=0.9, fields=fields), "eleven_v3")
    assert body(sent)["voice_settings"] == {"stability": 0.3, "speed": 0.9}


def test_what_cannot_be_is_refused_before_it_is_sent():
    for wish in ({"speed": 2.0}, {"seed": 2**32}, {"format": "flac"}):
        with pytest.raises(UnsupportedFeature):
            WIRE.write(ask(**wish), "eleven_v3")
    with pytest.raises(ContextOverflow):
        WIRE.write(ask(text="a" * 10_001), "eleven_multilingual_v2")
    for voice in ("../users", "", "a b"):
        with pytest.raises(InvalidRequest):
            WIRE.write(ask(voice=voice), "eleven_v3")


def test_sound_is_bytes():
    spoken = WIRE.read(Incoming(200, {"content-type": "audio/mpeg"}, b"ID3"), ask())
    assert (spoken.audio, spoken.mime, spoken.billed) == (b"ID3", "audio/mpeg", {"characters": 5})
    for nothing in (answer(b"", 200), answer({"detail": "?"})):
        with pytest.raises(ProviderBroken):
            WIRE.read(nothing, ask())


def test_every_character_has_its_moment():
    spoken = timed()
    assert spoken.audio == PNG
    assert spoken.timing == (Timed("H", 0, 100), Timed("i", 100, 250))


def test_moments_never_step_back():
    spoken = timed(character_start_times_seconds=[0.2, 0.1], character_end_times_seconds=[0.1, 0.3])
    assert spoken.timing == (Timed("H", 200, 200), Timed("i", 200, 300))


def test_an_alignment_that_does_not_fit_is_broken_and_none_is_none():
    with pytest.raises(ProviderBroken):
        timed(characters=["H"])
    with pytest.raises(ProviderBroken):
        timed(character_end_times_seconds=["a", "b"])
    unaligned = answer({"audio_base64": CODED, "alignment": None})
    assert WIRE.read(unaligned, ask(timed=True)).timing == ()


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (429, "too_many_concurrent_requests", ProviderRateLimited),
        (429, "system_busy", ProviderOverloaded),
        (401, "quota_exceeded", ProviderOutOfQuota),
        (401, "invalid_api_key", ProviderRefusedKey),
        (400, "max_character_limit_exceeded", ContextOverflow),
        (404, "voice_not_found", ProviderRejected),
        (400, "something_new", ProviderRejected),
    ],
)
def test_refusals_are_judged_by_their_word(status, said, kind):
    refused = answer({"detail": {"status": said, "message": "no"}}, status, **{"retry-after": "2"})
    with pytest.raises(kind, match="no") as caught:
        WIRE.read(refused, ask())
    assert caught.value.code == said
    assert caught.value.retry_after_s == (2.0 if status == 429 else None)


def test_a_list_of_what_is_wrong_is_told():
    detail = [{"loc": ["body", "text"], "msg": "Field required", "type": "missing"}]
    with pytest.raises(ProviderRejected, match="Field required"):
        WIRE.read(answer({"detail": detail}, 422), ask())
