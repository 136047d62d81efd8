"""Whatever a provider answers, its readers know nothing but ProviderError, and no request is bent in silence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_asks import PICTURE, video

from madang.errors import CallerError, InvalidRequest, ProviderError, ProviderRejected
from madang.model.media import Handle, ImageAsk, SpeechAsk, TranscribeAsk, VideoAsk
from madang.wire.media.contract import Incoming, Lost
from madang.wire.media.registry import MEDIA

WORDS = [
    *("id", "name", "status", "task_status", "state", "code", "message", "data", "error", "done"),
    *("output", "failure", "failureCode", "cost", "credits", "progress", "task_id", "task_info"),
    *("external_task_id", "task_result", "videos", "url", "duration", "response", "video", "uri"),
    *("raiMediaFilteredCount", "raiMediaFilteredReasons", "generateVideoResponse", "content"),
    *("generatedSamples", "bytesBase64Encoded", "gcsUri", "video_url", "usage", "detail", "type"),
    *(
        "completion_tokens",
        "status_url",
        "response_url",
        "request_id",
        "error_type",
        "audio_base64",
    ),
    *("alignment", "characters", "character_start_times_seconds", "character_end_times_seconds"),
    *("candidates", "parts", "inlineData", "usageMetadata", "promptTokenCount", "payload", "msg"),
    *("candidatesTokenCount", "candidatesTokensDetails", "modality", "tokenCount", "object"),
]
VALUES = [
    *("SUCCEEDED", "FAILED", "RUNNING", "THROTTLED", "succeed", "failed", "succeeded", "COMPLETED"),
    *("IN_QUEUE", "queued", "AAAA", "%", "https://x/y", "gs://b/c", "IMAGE", "", "1e999", "-1"),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(VALUES)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
    ),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "retry-after", "x-fal-error-type", "date"]),
    st.text(max_size=20),
    max_size=3,
)
STATUSES = st.sampled_from(
    [200, 200, 200, 201, 202, 204, 302, 400, 401, 404, 410, 422, 429, 500, 503]
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)
ANSWERS = st.builds(Incoming, STATUSES, HEADERS, BODIES)
EXAMPLES = [
    {"id": "t", "status": "SUCCEEDED", "output": ["https://x/y"], "cost": {"credits": 5}},
    {"id": "t", "status": "FAILED", "failure": "no", "failureCode": "SAFETY.INPUT"},
    {
        "id": "t",
        "status": "succeeded",
        "content": {"video_url": "u"},
        "usage": {"completion_tokens": 9},
    },
    {"id": "t", "status": "failed", "error": {"code": "A.B", "message": "no"}},
    {
        "code": 0,
        "data": {
            "task_id": "1",
            "task_status": "succeed",
            "task_info": {"external_task_id": "n-i"},
            "task_result": {"videos": [{"url": "u", "duration": "5"}]},
        },
    },
    {"status": "COMPLETED", "error": "x", "error_type": "y", "detail": [{"msg": "m", "type": "t"}]},
    {"video": {"url": "u", "content_type": "video/mp4"}},
    {"request_id": "r", "status_url": "s", "response_url": "r", "cancel_url": "c"},
    {
        "name": "o",
        "done": True,
        "response": {"videos": [{"bytesBase64Encoded": "AAAA"}], "raiMediaFilteredCount": 1},
    },
    {
        "name": "o",
        "done": True,
        "response": {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": "u"}}]}},
    },
    {
        "name": "o",
        "done": True,
        "error": {"code": 3, "message": "no", "details": [{"@type": "x", "reason": "y"}]},
    },
    {
        "audio_base64": "AAAA",
        "alignment": {
            "characters": ["a"],
            "character_start_times_seconds": [0],
            "character_end_times_seconds": [1],
        },
    },
    {"detail": {"status": "system_busy", "message": "no"}},
    {
        "items": [
            {
                "request_id": "r",
                "endpoint_id": "a/b/c",
                "sent_at": "2026-11-20T12:00:00Z",
                "status_code": 200,
                "json_input": {"prompt": "x"},
            }
        ],
        "next_cursor": "Mg==",
        "has_more": True,
    },
    {"results": [{"date": "2026-11-20", "usedCredits": [{"model": "m", "amount": 5}]}]},
    {
        "candidates": [
            {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}}
        ],
        "usageMetadata": {
            "promptTokenCount": 1,
            "candidatesTokenCount": 2,
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 2}],
        },
    },
]


def places(value, path=()):
    """Every place in a document."""
    yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, one in inner:
        yield from places(one, (*path, name))


def put(value, path, junk):
    """The document with something else in one place."""
    if not path:
        return junk
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = put(value[path[0]], path[1:], junk)
    return changed


@st.composite
def bent(draw):
    """An answer as it should be, but for one place."""
    example = draw(st.sampled_from(EXAMPLES))
    document = put(example, draw(st.sampled_from(list(places(example)))), draw(JSON))
    return Incoming(draw(STATUSES), {}, json.dumps(document).encode())


SPOKEN = SpeechAsk(text="Hi", voice="v", timed=True)


def of_lost_orders(kind, wire):
    """What is read when the answer to an order was lost."""
    sent = Lost(name="n-t", model="a/b/c", body=b'{"prompt": "x"}', sent_s=1_795_000_000.0)
    if wire is not None and wire.found is not None:
        yield pytest.param(lambda a: wire.found(a, sent), id=f"{kind}.found")
    if wire is not None and wire.uses is not None:
        yield pytest.param(lambda a: wire.uses(a, "m"), id=f"{kind}.uses")


def readers():
    """Every reader of every adapter here, by name."""
    for kind, wires in MEDIA.items():
        if kind == "openai":
            continue  # has tests of its own
        for name in ("submitted", "polled", "fetched"):
            reader = getattr(wires.videos, name, None)
            if reader is not None:
                yield pytest.param(reader, id=f"{kind}.{name}")
        yield from of_lost_orders(kind, wires.videos)
        if wires.images:
            yield pytest.param(wires.images.read, id=f"{kind}.images")
        if wires.speech:
            yield pytest.param(lambda a, w=wires: w.speech.read(a, SPOKEN), id=f"{kind}.speech")


@pytest.mark.parametrize("read", list(readers()))
@given(answer=ANSWERS | bent())
def test_readers_raise_nothing_but_provider_errors(read, answer):
    try:
        read(answer)
    except ProviderError as error:
        told = (error.message, error.status)
    else:
        return
    assert told[0]
    assert 400 <= told[1] < 600


@pytest.mark.parametrize("kind", ["fal", "kling"])
@given(headers=HEADERS, body=BODIES, keys=JSON)
def test_hooks_raise_nothing_but_callers_errors(kind, headers, body, keys):
    try:
        MEDIA[kind].videos.hook(headers, body, {"jwks": keys}, 0.0)
    except CallerError:
        return


VIDEOS = {kind: one.videos for kind, one in MEDIA.items() if one.videos and kind != "openai"}
MODELS = {
    "runway": ["gen4.5", "gen4_turbo", "veo3.1", "seedance2", "new"],
    "fal": ["fal-ai/pika/v2.2/text-to-video", "fal-ai/pika/v2.2/image-to-video", "a/b"],
    "kling": ["kling-v3", "kling-v2-6", "kling-v2-5-turbo", "new"],
    "vertex": ["veo-3.1-generate-001", "veo-3.1-lite-generate-001", "new"],
    "gemini": ["veo-3.1-generate-preview"],
    "seedance": ["seedance-1-0-pro-250528", "dreamina-seedance-2-0-260128", "new"],
}
ASKS = st.builds(
    video,
    prompt=st.text(max_size=20),
    negative=st.none() | st.text(max_size=5),
    duration_ms=st.none() | st.integers(1, 20_000),
    aspect=st.none()
    | st.sampled_from(["16:9", "9:16", "1:1", "4:3", "21:9", "7:1", "0:0", "wide"]),
    size=st.none() | st.sampled_from(["1280x720", "1080x1920", "3840x2160", "1x1"]),
    seed=st.none() | st.integers(0, 2**31),
    audio=st.none() | st.booleans(),
    first=st.none() | st.just(PICTURE),
    last=st.none() | st.just(PICTURE),
    references=st.lists(st.just(PICTURE), max_size=3).map(tuple),
)


@pytest.mark.parametrize("kind", VIDEOS)
@given(ask=ASKS, data=st.data())
def test_a_clip_is_never_shorter_than_asked_and_losses_are_told(kind, ask, data):
    model = data.draw(st.sampled_from(MODELS[kind]))
    try:
        sent = VIDEOS[kind].submit(ask, model)
    except ProviderRejected:
        return
    said = json.loads(sent.body)
    length = said.get("duration") or said.get("parameters", {}).get("durationSeconds")
    if ask.duration_ms is not None:
        assert int(length) * 1000 >= ask.duration_ms
        assert ("seconds" in sent.losses) == (int(length) * 1000 != ask.duration_ms)
    told = [count for name, count in sent.counts.items() if name.startswith("video_ms")]
    assert all(count == int(length) * 1000 for count in told)


@pytest.mark.parametrize("kind", VIDEOS)
@pytest.mark.parametrize("name", ["..", "a/../b", "", "/etc", "a//b"])
def test_a_name_never_climbs_out_of_its_path(kind, name):
    try:
        path = VIDEOS[kind].submit(video(), name).path
    except ProviderError:
        return
    assert "/../" not in path + "/"
    assert "//" not in path


@pytest.mark.parametrize("kind", ["runway", "kling", "seedance"])
def test_an_id_is_one_part_of_a_path(kind):
    path = VIDEOS[kind].poll(Handle("a/b?c=d")).path
    assert path.endswith("/a%2Fb%3Fc%3Dd")


DECIDING = [
    *("model", "model_name", "modelId", "n", "numImages", "num_videos", "sampleCount", "frames"),
    *("duration", "durationSeconds", "seconds", "resolution", "size", "quality", "input", "text"),
    *("prompt", "sound", "generate_audio", "service_tier", "generation_config", "generationConfig"),
]


@pytest.mark.parametrize("name", DECIDING)
def test_no_callers_field_changes_who_works_or_what_it_costs(name):
    """The key's list of models and what was set aside are of the request; a field of the provider's is behind them."""
    fields = {name: "another"}
    asks = {
        "videos": video(fields=fields),
        "speech": SpeechAsk(text="So late?", voice="nova", format="pcm", fields=fields),
        "images": ImageAsk(prompt="A kite", fields=fields),
        "transcriptions": TranscribeAsk(
            audio=b"RIFF", filename="a.wav", mime="audio/wav", fields=fields
        ),
    }
    made = [(ask, getattr(one, work)) for work, ask in asks.items() for one in MEDIA.values()]
    for ask, wire in made:
        if wire is not None:
            write = wire.submit if isinstance(ask, VideoAsk) else wire.write
            with pytest.raises(InvalidRequest):
                write(ask, "some-model")
