"""How callers of each dialect ask, with no SDK between: bytes out, bytes in."""

import json
from typing import Any, NamedTuple

import httpx
from recordings_encoding import encoded_case
from recordings_traffic import Recording

from stand.traffic import APIS, score

_HELLO = [{"role": "user", "content": "hello"}]
_HELLOS: dict[str, dict[str, Any]] = {
    "chat": {"messages": _HELLO, "stream_options": {"include_usage": True}},
    "responses": {"input": "hello"},
    "messages": {"messages": _HELLO, "max_tokens": 999},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
}
_PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
}


class Question(NamedTuple):
    """What a caller sends."""

    path: str
    body: dict[str, Any]


class Received(NamedTuple):
    """What the caller got."""

    status: int
    kind: str
    body: bytes
    request_id: str

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    def view(self, client: str) -> dict[str, Any]:
        """The same as the judge sees it."""
        return score().response_view(APIS[client], self.status, self.kind, self.body)


def question(
    client: str, model: str, *, stream: bool, body: dict[str, Any] | None = None
) -> Question:
    """A request in a dialect, for `provider/model`; hello where no body is given."""
    body = dict(_HELLOS[client] if body is None else body)
    if client == "gemini":
        action = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return Question(f"/v1beta/models/{model}:{action}", body)
    body["model"] = model
    if stream:
        body["stream"] = True
    else:
        body.pop("stream", None)
        body.pop("stream_options", None)
    return Question(_PATHS[client], body)


def request_case(recording: Recording, client: str) -> dict[str, Any] | None:
    """The recorded request as a caller of this dialect would have sent it; None where it cannot say that.

    `body` is the request, `want` the view of what its provider should get, `ignore` what the
    dialect has no words for. What refers to an earlier answer means nothing without that answer.
    """
    if "previous_response_id" in (recording.norm["request"]["body"] or ()):
        return None
    if client == recording.dialect or client in ("chat", "messages"):
        return score().request_case(recording.norm, APIS[client])
    return encoded_case(recording, client)


async def ask(client: httpx.AsyncClient, asked: Question) -> Received:
    """Send a question, read the whole answer."""
    body = json.dumps(asked.body).encode("utf-8", "surrogatepass")
    headers = {"content-type": "application/json"}
    answer = await client.post(asked.path, content=body, headers=headers)
    return Received(
        answer.status_code,
        answer.headers.get("content-type", ""),
        answer.content,
        answer.headers.get("x-request-id", ""),
    )
