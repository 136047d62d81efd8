"""What Google's endpoints have in common: `{"error": {code, message, status}}`, and two ways of showing a key."""

from collections.abc import Mapping

from madang.drills.simulator.media.records import Ask, Reply, bearer, told
from madang.drills.simulator.records import Refused

_WORDS: Mapping[str, tuple[int, str]] = {
    "invalid": (400, "INVALID_ARGUMENT"),
    "no_key": (401, "UNAUTHENTICATED"),
    "auth": (401, "UNAUTHENTICATED"),
    "forbidden": (403, "PERMISSION_DENIED"),
    "no_model": (404, "NOT_FOUND"),
    "not_found": (404, "NOT_FOUND"),
    "method": (404, "NOT_FOUND"),
    "too_large": (413, "INVALID_ARGUMENT"),
    "rate_limit": (429, "RESOURCE_EXHAUSTED"),
    "quota": (429, "RESOURCE_EXHAUSTED"),
    "overloaded": (503, "UNAVAILABLE"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
}


def key(headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> str:
    """The key of `x-goog-api-key` or `?key=`."""
    return headers.get(b"x-goog-api-key", b"").decode("latin-1") or query.get("key", "")


def token(headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> str:
    """The OAuth token of `Authorization`, or a key as above (Vertex takes both)."""
    return bearer(headers) or key(headers, query)


def refuse(refused: Refused, _ask: Ask) -> Reply:
    """A refusal in Google's shape."""
    usual, word = _WORDS.get(refused.kind, (500, "INTERNAL"))
    status = refused.status or usual
    message = refused.message or "The request was refused."
    return told({"error": {"code": status, "message": message, "status": word}}, status)
