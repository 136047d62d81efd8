"""Long texts, how each dialect asks about them, and what a provider was sent of them."""

import json
import re
from typing import Any

WINDOW = 4000
WORDS = "The harbour was quiet and the boats were still. 배들은 조용했습니다.\n\n"
TEXT = "".join(f"{n}. {WORDS}" for n in range(200))
SPLIT = {"x-madang-chunk": "map-reduce"}

PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "gemini": "/v1beta/models/{model}:generateContent",
}


def asking(
    dialect: str, model: str, text: str = TEXT, question: str = "Summarise."
) -> dict[str, Any]:
    """A question beside a text, as that dialect has it."""
    if dialect == "gemini":
        return {
            "contents": [{"role": "user", "parts": [{"text": question}, {"text": text}]}],
            "generationConfig": {"maxOutputTokens": 200},
        }
    if dialect == "responses":
        content = [{"type": "input_text", "text": one} for one in (question, text)]
        told = {"input": [{"role": "user", "content": content}], "max_output_tokens": 200}
    else:
        content = [{"type": "text", "text": one} for one in (question, text)]
        told = {"messages": [{"role": "user", "content": content}], "max_tokens": 200}
    return {"model": model, **told}


def ask(gateway, key: str, dialect: str, model: str, *, stream: bool = False, **more: Any) -> Any:
    """Ask about the long text in pieces; `headers` come on top."""
    headers = {**SPLIT, **more.pop("headers", {})}
    timeout = more.pop("timeout", 20)
    body = {**asking(dialect, model), **more}
    path = PATHS[dialect].format(model=model)
    if stream and dialect == "gemini":
        path = path.replace("generateContent", "streamGenerateContent") + "?alt=sse"
    elif stream:
        body["stream"] = True
        if dialect == "chat":
            body["stream_options"] = {"include_usage": True}
    return gateway.call("POST", path, key, json=body, headers=headers, timeout=timeout)


def strings(value: Any) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


def pieces(asked: list[Any]) -> list[str]:
    """The pieces that a provider was sent, in the order of the text."""
    found = {}
    for one in asked:
        said = "\n".join(strings(one.json))
        piece = re.search(r"<piece>\n(.*)\n</piece>", said, re.DOTALL)
        if piece:
            found[int(re.search(r"piece (\d+) of", said)[1])] = piece[1]
    return [found[number] for number in sorted(found)]


def usage(dialect: str, answer: Any) -> tuple[int, int]:
    """Tokens in and out as the answer, whole or streamed, tells its caller at last."""
    last = (0, 0)
    for told in _objects(answer):
        found = told.get("usage") or told.get("usageMetadata")
        found = found or (told.get("response") or told.get("message") or {}).get("usage")
        if found:
            first = found.get("prompt_tokens", found.get("input_tokens"))
            tokens_in = first if first is not None else found.get("promptTokenCount", last[0])
            out = found.get("completion_tokens", found.get("output_tokens"))
            last = (
                tokens_in or last[0],
                out if out is not None else found["candidatesTokenCount"],
            )
    return last


def _objects(answer: Any) -> list[dict[str, Any]]:
    if answer.headers["content-type"].startswith("application/json"):
        return [answer.json()]
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in lines]
