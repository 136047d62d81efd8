"""The door: what is sent, what comes of answers, and which failures pass; over real sockets."""

import json
import threading
import time
from datetime import date

import pytest
from studio_stand import CHAT_NUSD, CLIP_NUSD, VOICE_NUSD, Handler, gateway, wav

from madang_studio.errors import (
    Interrupted,
    InVain,
    OverBudget,
    Refused,
    Spoiled,
    Unavailable,
    Unreached,
)
from madang_studio.footage.wav import as_wav
from madang_studio.gateway import ChatAsk, Door, SpeechAsk, VideoAsk
from madang_studio.runner.patience import again_after_s

CHAT = ChatAsk(name="n", model="task:script", system="s", user="u", seed=3)
SPEECH = SpeechAsk(
    name="s",
    model="speech:auto",
    text="Hello there.",
    voice="nova",
    language="en",
    instructions=None,
    speed=1.0,
    seed=1,
)
VIDEO = VideoAsk(
    name="v",
    model="video:auto",
    prompt="a kitchen",
    negative="text",
    duration_ms=4_400,
    aspect="9:16",
    seed=1,
)


@pytest.fixture
def server():
    with gateway() as server:
        yield server


def test_what_is_asked_for_is_in_the_gateways_own_words(server, tmp_path):
    Door(server.url, "k").video(VIDEO, tmp_path / "clip")
    (sent,) = (body for _, __, body in server.book.answers.values())
    assert sent == {
        "model": "video:auto",
        "prompt": "a kitchen",
        "seconds": "5",
        "aspect_ratio": "9:16",
        "generate_audio": False,
        "seed": 1,
        "negative_prompt": "text",
    }


def test_costs_are_read_to_the_nano_dollar(server, tmp_path):
    door = Door(server.url, "k")
    assert door.chat(CHAT).cost_nusd == CHAT_NUSD
    assert door.speech(SPEECH, tmp_path / "a").cost_nusd == VOICE_NUSD
    assert door.video(VIDEO, tmp_path / "b").cost_nusd == CLIP_NUSD
    assert [it.cost_nusd for it in door.charges] == [CHAT_NUSD, VOICE_NUSD, CLIP_NUSD]


def test_an_answer_that_was_paid_for_before_says_what_it_had_cost(server):
    Door(server.url, "k").chat(CHAT)
    assert Door(server.url, "k").chat(CHAT).cost_nusd == CHAT_NUSD
    assert server.book.count("chat") == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((400, Refused), (401, Refused), (402, OverBudget), (404, Refused), (422, Refused)),
        *((409, Unavailable), (429, Unavailable), (500, Unavailable), (503, Unavailable)),
    ],
)
def test_a_status_says_whether_waiting_helps(server, status, error):
    server.book.refuse = lambda kind, body: status
    with pytest.raises(error) as caught:
        Door(server.url, "k").chat(CHAT)
    assert type(caught.value) is error
    assert caught.value.passing == (error is Unavailable)


def test_a_gateway_that_is_not_there_may_come_back():
    with pytest.raises(Unreached, match="Nothing listens") as caught:
        Door("http://127.0.0.1:9", "k").chat(CHAT)
    waited_s = [again_after_s(caught.value, tries, 1.0) for tries in range(1, 37)]
    assert waited_s.pop() is None
    assert 30 * 60 <= sum(waited_s) <= 31 * 60  # an upgrade that went wrong, and was taken back


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"status": "failed", "error": {"code": "content_filter", "message": "no"}}, Refused),
        ({"status": "failed", "error": {"code": "provider_failed", "message": "x"}}, Spoiled),
        ({"status": "failed", "cost_nusd": 7, "error": {"code": "timeout"}}, InVain),
        ({"status": "failed", "cost_usd": None, "error": {"code": "timeout"}}, InVain),
        ({"status": "cancelled", "error": None}, Spoiled),
    ],
)
def test_a_clip_that_failed_is_asked_for_again_only_where_nothing_was_charged(
    server, tmp_path, monkeypatch, said, error
):
    monkeypatch.setattr(Handler, "shown", lambda self, job: {"id": job.id, **said})
    door = Door(server.url, "k")
    with pytest.raises(error) as caught:
        door.video(VIDEO, tmp_path / "clip")
    assert type(caught.value) is error
    assert [it.cost_nusd for it in door.charges] == [said.get("cost_nusd")]


def test_waiting_ends_when_it_is_told_to(server, tmp_path):
    server.book.clip_s = 1_000
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(Interrupted):
        Door(server.url, "k", stop=stop).video(VIDEO, tmp_path / "clip")


def test_tags_go_to_the_gateways_ledger(server):
    headers = Door(server.url, "k", {"drama": "d 1", "batch": "b"})._named("n")
    assert headers == {"idempotency-key": "n", "x-madang-tags": "drama=d%201, batch=b"}


def test_timings_of_speech_are_taken_where_there_are_any(server, tmp_path, monkeypatch):
    def timed(self, body, name):
        assert body["timestamps"] is True
        audio = "UklGRg=="
        said = {"text": "Hello", "start_ms": 10, "end_ms": 300}
        return {"audio": audio, "timestamps": [said]}, VOICE_NUSD, body

    monkeypatch.setattr(Handler, "speech", timed)
    sent = Handler.send_header

    def typed(self, name, value):
        sent(self, name, value)
        if name == "content-length":
            sent(self, "content-type", "application/json")

    monkeypatch.setattr(Handler, "send_header", typed)
    got = Door(server.url, "k").speech(SPEECH, tmp_path / "a")
    assert got.timing == (("Hello", 10, 300),)
    assert (tmp_path / "a").read_bytes() == b"RIFF"


def test_a_voice_that_knows_no_timings_is_asked_without(server, tmp_path, monkeypatch):
    answer = Handler.answer

    def picky(self, body, status=200, headers=None):
        if status == 400:
            body = {"error": {"message": "no timings", "code": "unsupported_feature"}}
        answer(self, body, status, headers)

    monkeypatch.setattr(Handler, "answer", picky)
    server.book.refuse = lambda kind, body: 400 if body.get("timestamps") else None
    assert Door(server.url, "k").speech(SPEECH, tmp_path / "a").timing == ()
    assert server.book.count("speech") == 1


def test_a_recordings_length_is_what_it_holds_whatever_its_head_says(tmp_path):
    file = tmp_path / "voice.wav"
    streamed = bytearray(wav(1_500))
    streamed[4:8] = streamed[40:44] = b"\xff\xff\xff\x7f"
    file.write_bytes(streamed)
    assert as_wav(file) == 1_500


def test_a_recording_in_another_format_becomes_wav_and_what_is_none_was_in_vain(tmp_path):
    from madang_studio.programs import ffmpeg

    (tmp_path / "in.wav").write_bytes(wav(1_000))
    ffmpeg.run(["-i", "in.wav", "voice.flac"], tmp_path)
    file = tmp_path / "voice.wav"
    file.write_bytes((tmp_path / "voice.flac").read_bytes())
    assert as_wav(file) == 1_000
    file.write_bytes(json.dumps({"no": "sound"}).encode())
    with pytest.raises(InVain):
        as_wav(file)
    file.write_bytes(wav(0))
    with pytest.raises(InVain, match="empty"):
        as_wav(file)


def test_a_long_wait_follows_the_gateways_hint(server, tmp_path):
    server.book.clip_s = 0.15
    began = time.monotonic()
    Door(server.url, "k").video(VIDEO, tmp_path / "clip")
    assert time.monotonic() - began >= 0.15
    assert (tmp_path / "clip").read_bytes().startswith(b"clip of")


def price(model, valid_to=None, **units):
    told = {name: {"nusd": nusd, "per": per} for name, (nusd, per) in units.items()}
    return {
        "price": {"model": model, "valid_from": "2025-01-01", "valid_to": valid_to, "units": told}
    }


def test_prices_are_those_of_today_and_the_dearest_variant(server, monkeypatch):
    rows = [
        price("kling", **{"video_ms": (70_000_000, 1000), "video_ms.1080p": (90_000_000, 1000)}),
        price("sora-2", valid_to="2026-09-24", video_ms=(100_000_000, 1000)),
        price("tts-1", characters=(15_000_000_000, 1_000_000)),
    ]
    monkeypatch.setattr(Handler, "do_GET", lambda self: self.answer(json.dumps(rows).encode()))
    told = Door(server.url, "k").prices(date(2026, 11, 20))
    assert told == {("clip", "kling"): 90_000.0, ("voice", "tts-1"): 15_000.0}


def test_a_key_that_may_not_see_prices_sees_none(server, monkeypatch):
    monkeypatch.setattr(Handler, "do_GET", lambda self: self.answer({"error": {}}, 403))
    assert Door(server.url, "k").prices(date(2026, 11, 20)) == {}
