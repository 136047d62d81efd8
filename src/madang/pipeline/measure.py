"""The tokens of a prompt before any provider has counted them."""

from typing import Final

from madang.model import EMBEDDING, Request
from madang.pipeline.call import Call
from madang.wire.estimate import estimate_fields
from madang.wire.prompt import estimate_request

FEWEST_BYTES = 2
"""Bytes of a token at the least: a body shorter than this times a number of tokens needs no estimate."""

_LONG_BYTES = 32_768
"""Bodies shorter than this are taken for text; longer ones are asked whether they hold media."""

_MEDIA_MARKS = (b";base64,", b'"data":"', b'"data": "')
_USUAL_ANSWER: Final = 512


def rough_prompt_tokens(call: Call, model: str) -> int:
    """A quarter of the body's bytes, where they are text: for what is rarely looked at and must cost nothing."""
    body = call.body
    if len(body) >= _LONG_BYTES and any(mark in body for mark in _MEDIA_MARKS):
        return prompt_tokens(call, model)
    return (len(body) + 3) // 4


def is_longer(call: Call, tokens: int) -> bool:
    """Whether the prompt has more than so many tokens, as far as can be estimated."""
    if len(call.body) // FEWEST_BYTES <= tokens:
        return False
    return prompt_tokens(call, call.envelope.model) > tokens


def likely_tokens(call: Call) -> int:
    """About the tokens of a call and its answer, to be put right by what is used."""
    answer = min(call.envelope.max_tokens or _USUAL_ANSWER, _USUAL_ANSWER)
    return rough_prompt_tokens(call, call.envelope.model) + answer


def prompt_tokens(call: Call, model: str) -> int:
    """Estimated tokens of a call's prompt for `model`; from its texts where the request has been read already."""
    if isinstance(call.request, Request):
        return estimate_request(call.request, model)
    if call.wire.dialect in EMBEDDING:
        return call.wire.estimate(call.body)
    return estimate_fields(call.envelope.fields, model)
