"""The public paths, as a table. Generation paths are found by one dictionary look-up."""

from typing import NamedTuple

from madang.errors import NotFound
from madang.model import Dialect


class Endpoint(NamedTuple):
    """What serves a path. `dialect` None: the caller's headers decide. `model`, `stream`: from Gemini's path."""

    name: str
    methods: tuple[str, ...]
    dialect: Dialect | None = None
    model: str | None = None
    stream: bool = False
    id: str | None = None


_V1 = "/v1"
_POST = ("POST",)
_GET = ("GET", "HEAD")
_MESSAGES = ("/v1/messages", "/v1/v1/messages", "/anthropic/v1/messages")

_EXACT: dict[str, Endpoint] = {
    "/v1/chat/completions": Endpoint("generate", _POST, "chat"),
    "/v1/responses": Endpoint("respond", _POST, "responses"),
    "/v1/completions": Endpoint("generate", _POST, "completions"),
    "/v1/embeddings": Endpoint("generate", _POST, "embeddings"),
    "/v1/videos": Endpoint("videos", ("POST", "GET"), "chat"),
    "/v1/videos/plan": Endpoint("video_plan", _POST, "chat"),
    "/v1/videos/edits": Endpoint("video_edit", _POST, "chat"),
    "/v1/videos/extensions": Endpoint("video_extension", _POST, "chat"),
    "/v1/videos/characters": Endpoint("video_characters", _POST, "chat"),
    "/v1/audio/speech": Endpoint("speech", _POST, "chat"),
    "/v1/audio/speech/plan": Endpoint("speech_plan", _POST, "chat"),
    "/v1/audio/transcriptions": Endpoint("transcriptions", _POST, "chat"),
    "/v1/images/generations": Endpoint("images", _POST, "chat"),
    **{path: Endpoint("generate", _POST, "messages") for path in _MESSAGES},
    **{f"{path}/count_tokens": Endpoint("count", _POST, "messages") for path in _MESSAGES},
    "/v1/models": Endpoint("models", _GET),
    "/v1/v1/models": Endpoint("models", _GET, "messages"),
    "/anthropic/v1/models": Endpoint("models", _GET, "messages"),
    "/v1beta/models": Endpoint("models", _GET, "gemini"),
    "/v1/usage/current-month": Endpoint("month", _GET),
    "/v1/usage": Endpoint("usage", _GET),
    "/v1/requests": Endpoint("requests", _GET),
    "/hooks/stripe": Endpoint("stripe", _POST),
    "/hooks/toss": Endpoint("toss", _POST),
    "/healthz": Endpoint("health", _GET),
    "/readyz": Endpoint("ready", _GET),
    "/metrics": Endpoint("metrics", _GET),
    "/": Endpoint("home", _GET),
}
_PREFIXED: dict[str, Endpoint] = {
    "/v1/models/": Endpoint("model", _GET),
    "/v1/v1/models/": Endpoint("model", _GET, "messages"),
    "/anthropic/v1/models/": Endpoint("model", _GET, "messages"),
    "/v1beta/models/": Endpoint("model", _GET, "gemini"),
    "/v1/responses/": Endpoint("response", (*_GET, "DELETE"), "responses"),
    "/v1/requests/": Endpoint("request", _GET),
    "/v1/videos/": Endpoint("video", (*_GET, "DELETE"), "chat"),
    "/media/": Endpoint("media", _GET, "chat"),
    "/hooks/": Endpoint("provider_hook", _POST, "chat"),
}
_GEMINI_ACTIONS: dict[str, Endpoint] = {
    "generateContent": Endpoint("generate", _POST, "gemini"),
    "streamGenerateContent": Endpoint("generate", _POST, "gemini", stream=True),
    "countTokens": Endpoint("count", _POST, "gemini"),
    "embedContent": Endpoint("generate", _POST, "gemini_embed"),
    "batchEmbedContents": Endpoint("generate", _POST, "gemini_batch_embed"),
}
_OF_VIDEOS: dict[str, Endpoint] = {
    "/content": Endpoint("video_content", _GET, "chat"),
    "/remix": Endpoint("video_remix", _POST, "chat"),
}


def find(path: str) -> Endpoint:
    """The endpoint of a path, also of one that lacks its `/v1`: LiteLLM's callers leave it out. Raises NotFound."""
    endpoint = (
        _EXACT.get(path) or _prefixed(path) or _EXACT.get(_V1 + path) or _prefixed(_V1 + path)
    )
    if endpoint is None:
        raise NotFound(f"There is nothing at {path[:200]}{_meant(path)}.")
    return endpoint


def _meant(path: str) -> str:
    """What to do about a path that nobody serves: most come from a base URL with a slash too many."""
    tidy = "/" + "/".join(part for part in path.split("/") if part)
    if tidy != path and (_EXACT.get(tidy) or _prefixed(tidy)):
        return f", but at {tidy[:200]}: the base URL has a slash too many"
    return ". The endpoints are listed at /api/openapi.json"


def _prefixed(path: str) -> Endpoint | None:
    for prefix, endpoint in _PREFIXED.items():
        if path.startswith(prefix) and len(path) > len(prefix):
            rest = path[len(prefix) :]
            model, colon, action = rest.rpartition(":")
            if endpoint.name == "model" and colon and action in _GEMINI_ACTIONS:
                return _GEMINI_ACTIONS[action]._replace(model=model)
            identity, slash, part = rest.rpartition("/")
            if endpoint.name == "video" and f"{slash}{part}" in _OF_VIDEOS:
                return _OF_VIDEOS[f"{slash}{part}"]._replace(id=identity)
            return endpoint._replace(id=rest)
    return None


def listed() -> list[str]:
    """Every public path as documentation writes it."""
    gemini = [f"/v1beta/models/{{model}}:{action}" for action in _GEMINI_ACTIONS]
    prefixed = [f"{prefix}{{id}}" for prefix in _PREFIXED]
    return [*_EXACT, *prefixed, *[f"/v1/videos/{{id}}{part}" for part in _OF_VIDEOS], *gemini]
