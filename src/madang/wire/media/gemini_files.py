"""Files that Gemini's models make: `generateContent`, whose answer has them among its parts.

One rule: what the filter held back is an answer without a file, and told as that.
"""

from typing import Any, Final, NamedTuple

from madang.errors import ContentFiltered, ProviderError, ProviderFailed
from madang.wire.gemini.read_error import read_error
from madang.wire.media import answers
from madang.wire.media.contract import Incoming
from madang.wire.media.stills import decoded

_FILTERED: Final = frozenset(
    (
        *("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION"),
        *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
    )
)
"""The values of `finishReason` that mean a filter."""


class File(NamedTuple):
    """A file of an answer, and what it is said to be."""

    mime: str
    data: bytes


def made(answer: Incoming, what: str) -> tuple[tuple[File, ...], dict[str, Any]]:
    """The files of an answer and its usage; `what` was wanted. Raises a ProviderError where there is none."""
    body = answers.document(answer, _refused)
    candidates = answers.entries(body, "candidates")
    parts = [
        part
        for one in candidates
        for part in answers.entries(answers.entry(one, "content"), "parts")
        if part.get("thought") is not True
    ]
    files = tuple(
        File(answers.word(one, "mimeType") or "", decoded(coded))
        for one in (answers.entry(part, "inlineData") for part in parts)
        if (coded := answers.word(one, "data"))
    )
    if not files:
        raise _nothing(body, candidates, answer, what)
    return files, answers.entry(body, "usageMetadata")


def _nothing(
    body: dict[str, Any], candidates: list[dict[str, Any]], answer: Incoming, what: str
) -> ProviderError:
    """Why there is no file: the filter, or the model made none."""
    reason = answers.word(answers.entry(body, "promptFeedback"), "blockReason")
    finish = answers.word(candidates[0], "finishReason") if candidates else None
    blocked = reason is not None or finish in _FILTERED
    return answers.refusal(
        answer,
        f"Google's filter held the {what} back." if blocked else f"The model made no {what}.",
        reason or finish,
        ContentFiltered if blocked else ProviderFailed,
    )


def _refused(answer: Incoming) -> ProviderError:
    return read_error(answer.status, answers.raw_headers(answer), answer.body)
