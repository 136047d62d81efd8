"""Token counts without a tokenizer: for what no provider reported, and where none can count.

`estimate_request` in `prompt` is the better one; what stands here reads the bytes of a body as it
came, fast enough for every request of a key with limits. Every figure made here is marked as an
estimate wherever it is stored. How far off they are: docs/token-estimate.md.
"""

import re
from collections.abc import Mapping
from math import ceil
from typing import Final

from madang.wire.families import Family, family_of
from madang.wire.pictures import media_tokens
from madang.wire.scripts import Weight, weigh_json

_SAID = re.compile(
    rb'"(?:content|text|thinking|partial_json|delta|reasoning|reasoning_content|arguments|refusal)"'
    rb': ?"([^"\\]*(?:\\.[^"\\]*)*)"'
)
_CALLED = re.compile(
    rb'"(?:function(?:Call|_call)?": ?\{|function_call"|(?:server_)?tool_use")'
    rb'[^{}]{0,200}?"name": ?"([^"\\]{1,256})"'
)
"""The name of a call, which stands beside its type or within its object; a list of tools has names too."""

_CONVERSATION: Final = frozenset(
    (
        "messages",
        "system",
        "contents",
        "systemInstruction",
        "system_instruction",
        "input",
        "instructions",
        "prompt",
    )
)
_TOOLS: Final = frozenset(("tools", "functions"))
"""The members of a body, in any dialect, that a model gets to read."""

_LEAST_MEDIA = 8192
"""Bytes from which on a body is searched for media."""

_ROLE_TOKENS = 4
"""What is left of `{"role":"user","content":` in the weight of a conversation."""

_MEDIA_MARKS: Final = (b";base64,", b'"data":"', b'"data": "')


def estimate_tokens(data: bytes) -> int:
    """Estimated tokens of UTF-8 text or of a JSON body that holds it; at least 1 for anything non-empty."""
    if not data:
        return 0
    family = family_of("")
    weight, media = _weigh(data, family)
    return max(1, ceil(weight.latin + weight.other) + media)


def estimate_fields(fields: Mapping[str, bytes], model: str) -> int:
    """Estimated tokens of a prompt, from the members of a request's body (see `Envelope.fields`)."""
    family = family_of(model)
    turns = 0
    tokens = float(family.base)
    for name, raw in fields.items():
        if name in _CONVERSATION:
            weight, media = _weigh(raw if type(raw) is bytes else bytes(raw), family)
            tokens += weight.latin * family.latin + weight.other * family.other + media
            turns += weight.objects or 1
        elif name in _TOOLS:
            weight, _ = _weigh(raw if type(raw) is bytes else bytes(raw), family)
            schema = weight.latin * family.latin + weight.other * family.other
            tokens += family.tools + schema * family.schema
    return max(1, ceil(tokens + turns * (family.message - _ROLE_TOKENS)))


def _weigh(data: bytes, family: Family) -> tuple[Weight, int]:
    """The weight of a JSON text without its media, and the tokens of those."""
    media = 0
    if len(data) >= _LEAST_MEDIA:
        for mark in _MEDIA_MARKS:
            if mark in data:
                data, tokens = _without_media(data, mark, family)
                media += tokens
    return weigh_json(data), media


def _without_media(data: bytes, mark: bytes, family: Family) -> tuple[bytes, int]:
    """Cut out what follows each `mark` up to the quote that closes it."""
    kept: list[bytes] = []
    tokens = at = 0
    while (found := data.find(mark, at)) >= 0:
        begin = found + len(mark)
        end = data.find(b'"', begin)
        end = len(data) if end < 0 else end
        kept.append(data[at:begin])
        if end > begin:
            tokens += media_tokens(data[begin:end], family.picture, family.page)
        at = end
    kept.append(data[at:])
    return b"".join(kept), tokens


def text_bytes(events: bytes) -> int:
    """How much text an answer, or some events of it, holds: found by the names of the members, in any dialect."""
    said: list[bytes] = _SAID.findall(events)
    escaped = sum(text.count(b"\\u") for text in said)  # six bytes for what is about three in UTF-8
    return sum(map(len, said)) - 3 * escaped + name_bytes(events)


def name_bytes(events: bytes) -> int:
    """How long the names are of what an answer, or some events of it, call."""
    return sum(map(len, _CALLED.findall(events))) if b'"name"' in events else 0
