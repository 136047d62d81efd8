"""What OpenAI's media endpoints have in common: the key, and how a refusal is worded.

Shapes as in openai-python 3.51 and https://developers.openai.com/api/reference (read in November 2026).
"""

from collections.abc import Mapping

from madang.drills.simulator.media.records import Ask, Reply, bearer, told
from madang.drills.simulator.records import Refused

_WORDS: Mapping[str, tuple[int, str, str | None]] = {
    "invalid": (400, "invalid_request_error", None),
    "no_key": (401, "invalid_request_error", None),
    "auth": (401, "invalid_request_error", "invalid_api_key"),
    "forbidden": (403, "invalid_request_error", "forbidden"),
    "no_model": (404, "invalid_request_error", "model_not_found"),
    "not_found": (404, "invalid_request_error", None),
    "method": (405, "invalid_request_error", "method_not_supported"),
    "too_large": (413, "invalid_request_error", None),
    "rate_limit": (429, "requests", "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "overloaded": (503, "server_error", None),
    "timeout": (504, "server_error", None),
}
_OTHERWISE = (500, "server_error", None)


def key(headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> str:
    """The key of `Authorization: Bearer`."""
    return bearer(headers, query)


def refuse(refused: Refused, _ask: Ask) -> Reply:
    """`{"error": {message, type, param, code}}`."""
    status, kind, code = _WORDS.get(refused.kind, _OTHERWISE)
    error = {
        "message": refused.message or "The request was refused.",
        "type": kind,
        "param": refused.param,
        "code": refused.code or code,
    }
    return told({"error": error}, refused.status or status)
