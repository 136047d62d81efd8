"""A body that each path of media takes, as its provider documents it, and every way of showing a key."""

MODELS = "/v1/projects/p/locations/l/publishers/google/models"
VEO = {"instances": [{"prompt": "A"}], "parameters": {"durationSeconds": 4}}
TOLD = {"contents": [{"parts": [{"text": "A"}]}]}
BODIES = {
    "/v1/videos": {"prompt": "A", "seconds": "4"},
    "/v1/images/generations": {"prompt": "A", "size": "256x256"},
    "/v1/audio/speech": {
        "model": "tts-1",
        "input": "A",
        "voice": "coral",
        "response_format": "pcm",
    },
    "/v1/audio/transcriptions": {"model": "whisper-1"},
    "/v1/image_to_video": {"model": "gen4_turbo", "promptImage": "https://a", "ratio": "960:960"},
    "/v1/text_to_video": {"model": "gen4.5", "promptText": "A", "ratio": "720:1280", "duration": 5},
    "/fal/fal-ai/pika/v2.2/text-to-video": {"prompt": "A", "duration": 5},
    "/fal/fal-ai/pika/v2.2/image-to-video": {"prompt": "A", "image_url": "https://a"},
    "/v1/videos/text2video": {"prompt": "A", "model_name": "kling-v3", "duration": "5"},
    "/v1/videos/image2video": {"prompt": "A", "model_name": "kling-v3", "image": "https://a"},
    f"{MODELS}/veo-3.1-generate-001:predictLongRunning": VEO,
    f"{MODELS}/veo-3.1-generate-001:fetchPredictOperation": {"operationName": "a"},
    "/v1beta/models/veo-3.1:predictLongRunning": VEO,
    "/v1beta/models/gemini-2.5-flash-image:generateContent": TOLD,
    "/v1beta/models/gemini-2.5-flash-preview-tts:generateContent": TOLD
    | {"generationConfig": {"responseModalities": ["AUDIO"]}},
    "/api/v3/contents/generations/tasks": {
        "model": "seedance-1",
        "content": [{"type": "text", "text": "A"}],
    },
    "/v2beta/image-to-video": {},
    "/v1/text-to-speech/voice": {"text": "A"},
    "/v1/text-to-speech/voice/with-timestamps": {"text": "A"},
}
KEYS = {
    "authorization": "Bearer key",
    "x-goog-api-key": "key",
    "xi-api-key": "key",
    "x-runway-version": "2024-11-06",
}

# a transcript and SVD want a file, an operation has to be begun
GOOD = {
    path: body
    for path, body in BODIES.items()
    if body and not path.endswith((":fetchPredictOperation", "/transcriptions"))
}


def keys_for(path: str) -> dict[str, str]:
    """The headers of a request to a path."""
    return KEYS | ({"authorization": "Key k"} if path.startswith("/fal") else {})
