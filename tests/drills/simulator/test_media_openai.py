"""The official OpenAI library speaks to the simulator's videos, speech, pictures and transcripts."""

import io
import re
from base64 import b64decode

import httpx
import openai
import pytest
from media_files import contents
from PIL import Image

from madang.drills.simulator.media.traps import Trap

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API")


def test_a_clip_is_made_polled_and_fetched(gpt, media):
    video = gpt.videos.create_and_poll(prompt="A fox", seconds="4", size="720x1280")
    assert (video.status, video.seconds, video.progress) == ("completed", "4", 100)
    clip = contents(gpt.videos.download_content(video.id).read())
    assert clip.codecs == ("h264", "aac")
    assert clip.width * 1280 == clip.height * 720
    assert clip.seconds == pytest.approx(4, abs=0.1)


def test_a_clip_of_full_size_has_every_pixel(gpt, media):
    media.change(full_size=True)
    video = gpt.videos.create_and_poll(prompt="A fox", seconds="4", size="1280x720")
    clip = contents(gpt.videos.download_content(video.id).read())
    assert (clip.width, clip.height) == (1280, 720)


def test_the_other_variants_are_pictures(gpt, media):
    video = gpt.videos.create_and_poll(prompt="A fox")
    for variant, kind in (("thumbnail", "WEBP"), ("spritesheet", "JPEG")):
        data = gpt.videos.download_content(video.id, variant=variant).read()
        assert Image.open(io.BytesIO(data)).format == kind


def test_a_form_with_a_picture_makes_a_clip(gpt, media):
    picture = ("first.png", b"\x89PNG...", "image/png")
    video = gpt.videos.create(prompt="A fox", input_reference=picture, seconds="8")
    assert video.seconds == "8"


def test_plain_json_makes_a_clip_as_well(sim, media):
    answer = httpx.post(
        f"{sim.url}/v1/videos",
        headers={"authorization": "Bearer sk-test"},
        json={"prompt": "A fox", "seconds": "12", "model": "sora-2-pro"},
    )
    assert (answer.status_code, answer.json()["seconds"]) == (200, "12")


def test_finished_clips_are_edited_and_gone_on_with_and_only_what_is_new_is_charged(gpt, media):
    """The library can only upload there; told the id beside, it sends a form with `video[id]`."""
    source = gpt.videos.create_and_poll(prompt="A fox", seconds="4")
    named = {"video": {"id": source.id}}
    edited = gpt.videos.edit(prompt="A red fox", video=openai.omit, extra_body=named)
    longer = gpt.videos.extend(prompt="It runs", seconds="8", video=openai.omit, extra_body=named)
    assert (edited.seconds, longer.seconds) == ("4", "12")
    charged = [entry.counted["seconds"] for entry in media.book.of("openai")]
    assert charged == [4, 4, 8]
    with pytest.raises(openai.BadRequestError, match="video"):
        gpt.videos.edit(prompt="A red fox", video=openai.omit)


def test_a_remix_names_its_source_and_is_a_job_of_its_own(gpt, media):
    source = gpt.videos.create_and_poll(prompt="A fox")
    remix = gpt.videos.remix(source.id, prompt="A red fox")
    assert remix.remixed_from_video_id == source.id
    assert len(media.book.of("openai")) == 2


def test_videos_are_listed_page_by_page_and_deleted(gpt, media):
    made = [gpt.videos.create(prompt=f"{number}").id for number in range(3)]
    listed = [video.id for video in gpt.videos.list(limit=2)]
    assert listed[:3] == made[::-1]
    assert gpt.videos.delete(made[0]).deleted
    with pytest.raises(openai.NotFoundError):
        gpt.videos.retrieve(made[0])


def test_the_book_has_what_each_clip_cost(gpt, media):
    gpt.videos.create(prompt="A fox", model="sora-2", seconds="8")
    gpt.videos.create(prompt="A fox", model="sora-2-pro", seconds="4", size="1024x1792")
    assert [entry.nusd for entry in media.book.of("openai")] == [800_000_000, 2_000_000_000]


@pytest.mark.parametrize(
    ("trap", "code", "charged"),
    [
        ("fail", "video_generation_failed", 0),
        ("fail_charged", "video_generation_failed", 400_000_000),
        ("blocked", "moderation_blocked", 0),
    ],
)
def test_a_job_fails_as_openai_says_it(gpt, media, trap, code, charged):
    media.set_traps(Trap(trap, provider="openai"))
    video = gpt.videos.create_and_poll(prompt="A fox")
    assert (video.status, video.error.code) == ("failed", code)
    assert [entry.nusd for entry in media.book.of("openai")] == [charged]


def test_a_lost_answer_leaves_a_charged_job(gpt, media):
    media.set_traps(Trap("lost_answer", times=1))
    with pytest.raises(openai.APIConnectionError):
        gpt.videos.create(prompt="A fox")
    assert [entry.nusd for entry in media.book.of("openai")] == [400_000_000]


def test_files_expire(gpt, media):
    media.set_traps(Trap("expired_url"))
    video = gpt.videos.create_and_poll(prompt="A fox")
    with pytest.raises(openai.NotFoundError):
        gpt.videos.download_content(video.id)


@pytest.mark.parametrize("field", [{"seconds": "5"}, {"size": "1x1"}, {"model": "sora-9"}])
def test_what_openai_does_not_have_is_refused_by_name(gpt, media, field):
    with pytest.raises(openai.BadRequestError) as refusal:
        gpt.videos.create(prompt="A fox", **field)
    assert refusal.value.param == next(iter(field))
    assert not media.book.entries


@pytest.mark.parametrize(
    ("kind", "codec"),
    [("mp3", "mp3"), ("opus", "opus"), ("aac", "aac"), ("flac", "flac"), ("wav", "pcm_s16le")],
)
def test_speech_is_sound_of_a_plausible_length(gpt, media, kind, codec):
    said = "It was a dark and stormy night."  # 31 characters at 15 a second
    sound = gpt.audio.speech.create(
        model="tts-1", voice="coral", input=said, response_format=kind
    ).read()
    heard = contents(sound)
    assert heard.codecs == (codec,)
    assert heard.seconds == pytest.approx(31 / 15, abs=0.15)
    assert media.book.of("openai")[0].nusd == 31 * 15_000


def test_pcm_is_samples_and_speed_shortens_it(gpt, media):
    ask = {"model": "tts-1", "voice": "coral", "input": "x" * 30, "response_format": "pcm"}
    assert len(gpt.audio.speech.create(**ask).read()) == 2 * 24_000 * 2
    assert len(gpt.audio.speech.create(**ask, speed=2).read()) == 2 * 24_000


def test_speech_comes_as_events(gpt, sim, media):
    ask = {"voice": "coral", "input": "Hello there", "response_format": "wav"}
    whole = gpt.audio.speech.create(model="gpt-4o-mini-tts", **ask).read()
    events = gpt.audio.speech.create(model="gpt-4o-mini-tts", stream_format="sse", **ask).text
    deltas = re.findall(r'"audio":"([^"]+)"', events)
    assert b"".join(map(b64decode, deltas)) == whole
    assert '"type":"speech.audio.done"' in events


@pytest.mark.parametrize(
    "field", [{"voice": "nobody"}, {"speed": 9}, {"input": "x" * 4097}, {"stream_format": "sse"}]
)
def test_speech_that_openai_would_not_speak_is_refused(gpt, media, field):
    ask = {"model": "tts-1", "voice": "coral", "input": "Hello"} | field
    with pytest.raises(openai.BadRequestError) as refusal:
        gpt.audio.speech.create(**ask)
    assert refusal.value.param == next(iter(field))


def test_pictures_have_the_asked_size_and_number(gpt, media):
    answer = gpt.images.generate(prompt="A fox", model="gpt-image-1", n=2, size="1024x1536")
    pictures = [Image.open(io.BytesIO(b64decode(each.b64_json))) for each in answer.data]
    assert [(each.format, each.size) for each in pictures] == [("PNG", (1024, 1536))] * 2
    assert answer.usage.output_tokens == 2 * 1584
    # 2 tokens of prompt at 5 dollars a million, 3,168 of pictures at 40
    assert media.book.of("openai")[0].nusd == 2 * 5_000 + 3_168 * 40_000


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_pictures_come_in_other_formats(gpt, media, kind):
    answer = gpt.images.generate(prompt="A fox", size="1024x1024", output_format=kind)
    picture = Image.open(io.BytesIO(b64decode(answer.data[0].b64_json)))
    assert (picture.format, picture.size) == (kind.upper(), (1024, 1024))


def _spoken(gpt, said):
    speech = gpt.audio.speech.create(
        model="tts-1", voice="coral", input=said, response_format="wav"
    )
    return ("line.wav", speech.read(), "audio/wav")


def test_what_was_spoken_is_heard_again_word_by_word(gpt, media):
    heard = gpt.audio.transcriptions.create(
        model="whisper-1",
        file=_spoken(gpt, "Where is the fox?"),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert [word.word for word in heard.words] == ["Where", "is", "the", "fox?"]
    assert heard.words[1].start == pytest.approx(6 / 15, abs=0.01)
    assert heard.segments[0].text.strip() == heard.text == "Where is the fox?"


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ("json", "Where is the fox?"),
        ("text", "Where is the fox?\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:01,133\nWhere is the fox?\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.133\nWhere is the fox?\n"),
    ],
)
def test_transcripts_come_in_every_shape(gpt, media, shape, says):
    heard = gpt.audio.transcriptions.create(
        model="whisper-1", file=_spoken(gpt, "Where is the fox?"), response_format=shape
    )
    assert (heard.text if shape == "json" else heard) == says


def test_a_clip_of_others_is_heard_for_as_long_as_it_is(gpt, media):
    video = gpt.videos.create_and_poll(prompt="A fox")
    clip = ("clip.mp4", gpt.videos.download_content(video.id).read(), "video/mp4")
    heard = gpt.audio.transcriptions.create(
        model="whisper-1", file=clip, response_format="verbose_json"
    )
    assert heard.duration == pytest.approx(4, abs=0.1)
    assert heard.text


def test_what_is_no_recording_is_refused(gpt, media):
    playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n"
    for data in (b"not a sound", playlist, b""):
        with pytest.raises(openai.BadRequestError):
            gpt.audio.transcriptions.create(model="whisper-1", file=("a.wav", data, "audio/wav"))
