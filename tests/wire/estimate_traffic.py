"""How far estimates are from what providers counted, over the recordings; run it to see the tables of the docs."""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from madang.errors import InvalidRequest
from madang.model import Opaque, Request, Thinking
from madang.wire import chat, gemini, messages, responses
from madang.wire.estimate import estimate_fields
from madang.wire.json import raw_fields
from madang.wire.prompt import estimate_request
from stand.traffic import APIS, manifest, recording, score

SCRIPTS = Path(__file__).parent / "samples" / "scripts"

WIRES = {
    APIS[wire.dialect]: wire for wire in (chat.WIRE, responses.WIRE, messages.WIRE, gemini.WIRE)
}
_FAMILIES = (
    ("gpt-oss", r"gpt-oss"),
    ("OpenAI", r"gpt|^o[134]|/o[134]"),
    ("Claude 4.7 and later", r"opus-4[-.][7-9]|(opus|sonnet|haiku|fable)-[5-9]"),
    ("Claude", r"claude"),
    ("Gemini", r"gemini"),
    ("DeepSeek", r"deepseek"),
    ("Mistral", r"mi(?:ni)?stral|magistral|codestral"),
    ("Grok", r"grok"),
    ("Qwen", r"qwen"),
    ("Kimi", r"kimi"),
    ("others", r""),
)
_ADDED_BY_THE_PROVIDER = frozenset(
    (
        "cachedContent",
        "mcp_servers",
        "container",
        "prompt",
        "plugins",
        "functions",
        "additional_tools",
    )
)
"""Members that name what the provider adds to the prompt from elsewhere, or what we do not read."""

_LEAST_TOKENS = 20
"""Answers below say more about a provider's end marks than about text."""


class Error(NamedTuple):
    """Relative errors of one group: how many, the median of their sizes, nine tenths are below, the median."""

    count: int
    median: float
    p90: float
    bias: float


def _recordings() -> Iterator[tuple[dict[str, Any], bytes, Request, dict[str, Any]]]:
    """Manifest line, body, request and the reference's view of the answer, where all of them can be read."""
    for row in manifest():
        norm = recording(row["data"])
        given = norm["request"]["body"]
        if row["status"] != 200 or not isinstance(given, dict):
            continue
        body = json.dumps(given, ensure_ascii=False).encode()
        try:
            wire = WIRES[row["api"]]
            request = wire.read_request(body, row["model"] or "unnamed", row["streaming"])
        except InvalidRequest:
            continue
        view = score().native_view(norm)
        if view["usage"] and "venice" not in row["data"]:  # Venice adds a system prompt of its own
            yield row, body, request, view


def _is_plain(request: Request) -> bool:
    """Whether all that the provider counted is text that stands in the request."""
    parts = [part for message in request.messages for part in message.parts]
    unread = any(isinstance(part, Opaque | Thinking) for part in parts)
    builtin = any(tool.builtin is not None or tool.custom for tool in request.tools)
    elsewhere = request.previous_response_id or request.extra.keys() & _ADDED_BY_THE_PROVIDER
    unused_tools = request.tool_choice is not None and request.tool_choice.mode == "none"
    media = any(getattr(part, "media", None) or _holds_media(part) for part in parts)
    return not (unread or builtin or elsewhere or unused_tools or media)


def _holds_media(part: Any) -> bool:
    return any(getattr(inner, "media", None) for inner in getattr(part, "parts", ()))


def prompts() -> dict[str, tuple[Error, Error]]:
    """Per family: the error of estimates from the neutral request, and of those from the body's members."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row, body, request, view in _recordings():
        counted = view["usage"]["input"]
        if not counted or not _is_plain(request):
            continue
        model = row["model"] or ""
        fields = {name: bytes(raw) for name, raw in raw_fields(body).items()}
        pair = (estimate_request(request, model), estimate_fields(fields, model))
        found[_family(model)].append((pair[0] / counted - 1, pair[1] / counted - 1))
    return {
        name: (error([a for a, _ in pairs]), error([b for _, b in pairs]))
        for name, pairs in _in_order(found)
    }


def answers() -> dict[str, Error]:
    """Per family: the error of four bytes a token for answers that are nothing but text."""
    found: dict[str, list[float]] = defaultdict(list)
    for row, _, request, view in _recordings():
        usage, text = view["usage"], view["text"]
        hidden = (
            view["tool_calls"] or view["thinking"] or view["thinking_sig"] or usage["reasoning"]
        )
        if hidden or request.reasoning or view["server_tools"] or usage["output"] < _LEAST_TOKENS:
            continue
        if text and not view["redacted_thinking"]:
            size = (len(text.encode()) + 3) // 4
            found[_family(row["model"] or "")].append(size / usage["output"] - 1)
    return {name: error(errors) for name, errors in _in_order(found)}


def error(errors: list[float]) -> Error:
    """Sum them up."""
    sizes, ordered = sorted(map(abs, errors)), sorted(errors)
    middle = len(sizes) // 2
    return Error(len(sizes), sizes[middle], sizes[int(0.9 * (len(sizes) - 1))], ordered[middle])


def _family(model: str) -> str:
    return next(name for name, pattern in _FAMILIES if re.search(pattern, model.lower()))


def _in_order(found: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, found[name]) for name, _ in _FAMILIES if name in found]


def tables() -> str:
    """The tables of docs/token-estimate.md."""
    lines = [
        "| family | prompts | median | 90 % below | bias | from the body: median | 90 % below | bias |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, (read, raw) in prompts().items():
        cells = [*map(_percent, read[1:]), *map(_percent, raw[1:])]
        lines.append(f"| {name} | {read.count} | {' | '.join(cells)} |")
    lines += ["", "| family | answers | median | 90 % below | bias |", "|---|---:|---:|---:|---:|"]
    for name, found in answers().items():
        lines.append(f"| {name} | {found.count} | {' | '.join(map(_percent, found[1:]))} |")
    return "\n".join(lines) + "\n"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


if __name__ == "__main__":
    sys.stdout.write(tables())
