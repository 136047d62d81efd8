"""Official SDKs as witnesses: what they send for the same wish is what our adapters send.

Each is pointed at a socket that keeps what arrives; no provider and no simulator has a say here.
"""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import fal_client
import httpx
import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.types import VoiceSettings
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials
from media_asks import CODED, PICTURE, PNG, body, video
from runwayml import RunwayML

from madang.model.media import Source, SpeechAsk
from madang.wire.media import elevenlabs, fal, gemini_speech, runway, veo

VOICE = "21m00Tcm4TlvDq8ikWAM"
ANSWER = {
    "id": "17f20503-6c24-4c16-946b-35dbbce2af2f",
    "name": "models/m/operations/o",
    "request_id": "r",
    "response_url": "http://127.0.0.1/r",
    "status_url": "http://127.0.0.1/r/status",
    "cancel_url": "http://127.0.0.1/r/cancel",
    "audio_base64": CODED,
}


@contextmanager
def listening():
    """A socket that keeps (method, path, headers, body) and answers with what any of them can read."""
    kept = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            data = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            kept.append((self.path, headers, json.loads(data)))
            told = json.dumps(ANSWER).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_runways_library_sends_the_same():
    ours = runway.WIRE.submit(video(duration_ms=4000, aspect="9:16", seed=7), "gen4.5")
    with listening() as (url, kept), RunwayML(api_key="k", base_url=url, max_retries=0) as theirs:
        theirs.text_to_video.create(
            model="gen4.5",
            prompt_text="a red kite over the sea",
            ratio="720:1280",
            duration=4,
            seed=7,
        )
    ((path, headers, sent),) = kept
    assert (ours.path, body(ours)) == (path, sent)
    assert ours.headers["x-runway-version"] == headers["x-runway-version"]


def test_runways_library_sends_pictures_the_same():
    ours = runway.WIRE.submit(video(first=PICTURE, last=PICTURE, audio=False), "veo3.1")
    with listening() as (url, kept), RunwayML(api_key="k", base_url=url, max_retries=0) as theirs:
        uri = f"data:image/png;base64,{CODED}"
        theirs.image_to_video.create(
            model="veo3.1",
            prompt_text="a red kite over the sea",
            prompt_image=[{"uri": uri, "position": "first"}, {"uri": uri, "position": "last"}],
            ratio="1280:720",
            duration=8,
            audio=False,
        )
    ((path, _, sent),) = kept
    assert (ours.path, body(ours)) == (path, sent)


def test_runways_library_changes_a_clip_the_same():
    film = Source(id="video_1", change="edit", data=PNG)
    ours = runway.WIRE.submit(video(source=film), "aleph2")
    with listening() as (url, kept), RunwayML(api_key="k", base_url=url, max_retries=0) as theirs:
        theirs.video_to_video.create(
            model="aleph2",
            prompt_text="a red kite over the sea",
            video_uri=f"data:video/mp4;base64,{CODED}",
        )
    ((path, _, sent),) = kept
    assert (ours.path, body(ours)) == (path, sent)


def test_fals_library_sends_the_same(monkeypatch):
    model = "fal-ai/pika/v2.2/text-to-video"
    callback = "https://me.example/hooks/fal?a=b"
    ours = fal.WIRE.submit(video(aspect="9:16", callback=callback), model)
    with listening() as (url, kept):
        # its hosts are constants that it fills in when it is imported
        monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", f"{url}/")
        wish = {
            "prompt": "a red kite over the sea",
            "duration": 5,
            "resolution": "720p",
            "aspect_ratio": "9:16",
        }
        handle = fal_client.SyncClient(key="k").submit(model, wish, webhook_url=callback)
    ((path, headers, sent),) = kept
    assert (urlsplit(ours.path), body(ours)) == (urlsplit(path), sent)
    assert headers["authorization"] == "Key k"
    assert handle.status_url == ANSWER["status_url"]


@pytest.mark.parametrize("timed", [False, True])
def test_elevenlabs_library_sends_the_same(timed):
    ask = SpeechAsk(text="Hallo", voice=VOICE, speed=1.1, seed=4, before="Eins.", timed=timed)
    ours = elevenlabs.WIRE.write(ask, "eleven_multilingual_v2")
    wish = {
        "text": "Hallo",
        "model_id": "eleven_multilingual_v2",
        "voice_settings": VoiceSettings(speed=1.1),
        "seed": 4,
        "previous_text": "Eins.",
        "output_format": "mp3_44100_128",
    }
    with listening() as (url, kept), httpx.Client() as client:
        speech = ElevenLabs(api_key="k", base_url=url, httpx_client=client).text_to_speech
        if timed:
            speech.convert_with_timestamps(VOICE, **wish)
        else:
            b"".join(speech.convert(VOICE, **wish))
    ((path, headers, sent),) = kept
    assert ours.path == path
    ours_said = body(ours)
    assert ours_said == {name: value for name, value in sent.items() if value is not None}
    assert headers["xi-api-key"] == "k"


@contextmanager
def vertex(url):
    """Google's library, as it speaks to Vertex."""
    client = genai.Client(
        vertexai=True,
        project="p",
        location="us-central1",
        credentials=Credentials(token="t"),
        http_options={"base_url": url, "api_version": "v1"},
    )
    try:
        yield client
    finally:
        client.close()


def test_googles_library_goes_on_with_a_clip_the_same():
    film = Source(id="video_1", change="extend", data=PNG)
    ours = veo.VERTEX.submit(video(source=film), "veo-3.1-generate-001")
    config = types.GenerateVideosConfig(
        number_of_videos=1, duration_seconds=7, resolution="720p", generate_audio=True
    )
    source = types.GenerateVideosSource(
        prompt="a red kite over the sea",
        video=types.Video(video_bytes=PNG, mime_type="video/mp4"),
    )
    with listening() as (url, kept), vertex(url) as theirs:
        theirs.models.generate_videos(model="veo-3.1-generate-001", source=source, config=config)
    ((_, _, sent),) = kept
    assert body(ours) == sent


def camel(value):
    """Names of members as Google's documents write them: its library sends some as Python does, which mean the same."""
    if isinstance(value, list):
        return [camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    words = {name: name.split("_") for name in value}
    return {
        first + "".join(word.capitalize() for word in rest): camel(value[name])
        for name, (first, *rest) in words.items()
    }


def test_googles_library_has_a_text_spoken_the_same():
    ask = SpeechAsk(text="Hallo", voice="Kore", format="wav", language="de-DE", seed=4)
    ours = gemini_speech.WIRE.write(ask, "gemini-3.8-flash-tts")
    voice = types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Kore"))
    config = types.GenerateContentConfig(
        response_modalities=["AUDIO"],
        seed=4,
        speech_config=types.SpeechConfig(voice_config=voice, language_code="de-DE"),
    )
    with listening() as (url, kept):
        theirs = genai.Client(api_key="k", http_options={"base_url": url})
        theirs.models.generate_content(
            model="gemini-3.8-flash-tts", contents="Hallo", config=config
        )
        theirs.close()
    ((path, _, sent),) = kept
    assert path.endswith(ours.path)
    assert body(ours) == camel(sent)


def test_googles_library_sends_the_same():
    ask = video(duration_ms=6000, aspect="9:16", negative="rain", seed=5, first=PICTURE)
    ours = veo.VERTEX.submit(ask, "veo-3.1-generate-001")
    config = types.GenerateVideosConfig(
        number_of_videos=1,
        duration_seconds=6,
        resolution="720p",
        aspect_ratio="9:16",
        negative_prompt="rain",
        generate_audio=True,
        seed=5,
    )
    source = types.GenerateVideosSource(
        prompt="a red kite over the sea",
        image=types.Image(image_bytes=PNG, mime_type="image/png"),
    )
    with listening() as (url, kept), vertex(url) as theirs:
        theirs.models.generate_videos(model="veo-3.1-generate-001", source=source, config=config)
    ((path, headers, sent),) = kept
    assert path == f"/v1/projects/p/locations/us-central1{ours.path}"
    assert body(ours) == sent
    assert headers["authorization"] == "Bearer t"
