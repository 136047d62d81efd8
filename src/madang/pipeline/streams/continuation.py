"""A stream that goes on where its provider has failed: another target is asked for the rest of the answer.

Only for a caller who asks for it, because the second model is not the first. It is told the
conversation, the exact text so far as its own words, and to go on from there; what it says goes
through the `Joint` into the stream that is open. Where that cannot be, the stream ends as it would
have without.
"""

import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

from msgspec.structs import replace

from madang.errors import MadangError, ProviderError
from madang.model import Feature, Message, Request, Text, Usage
from madang.pipeline import settle
from madang.pipeline.body import readable
from madang.pipeline.call import Call, Caller, Reply, Streamed
from madang.pipeline.joint import Joint
from madang.wire.bound import LEAST_TOKENS, room_for_thinking
from madang.wire.contract import StreamWriter
from madang.wire.degrade import degrade

_log = logging.getLogger("madang.continuation")

MOST_SEAMS: Final = 3
"""No answer is made of more streams than this and one."""

GO_ON: Final = (
    "Your answer above was interrupted by a technical failure. Go on with it exactly where it stops,"
    " with the very next character, even within a word, a line or a quotation. Repeat nothing of it,"
    " do not begin anew, and say nothing about the interruption."
)

_FORMATS: Final[frozenset[Feature]] = frozenset(("json_schema", "json_mode"))
"""What a provider enforces from the first character on, so that the second half of an answer cannot have it."""


def continuable(call: Call) -> Request | None:
    """What another target would be asked to go on with; None: the stream ends where it breaks.

    One choice of text can be gone on with; several cannot, nor can sound.
    """
    if not call.may_go_on or not call.envelope.stream:
        return None
    request = readable(call)
    if request is None or (request.n or 1) > 1 or "audio" in request.modalities:
        return None
    return request


class Continuation:
    """See `call.Continuing`. `resume` asks the next target after a failure, `finish` closes the books."""

    def __init__(
        self,
        call: Call,
        request: Request,
        resume: Callable[[MadangError], Awaitable[Reply]],
        finish: Callable[[Call], None],
    ) -> None:
        self.joint: Joint | None = None
        self._call = call
        self._request, self._lost = degrade(request, _FORMATS)
        self._bound = call.envelope.max_tokens
        self._resume = resume
        self._finish = finish
        self._left = MOST_SEAMS

    @property
    def is_under_way(self) -> bool:
        """Whether there is text already, so that no attempt begins the answer any more."""
        return self.joint is not None and (self._call.seam is not None or bool(self.joint.text))

    def join(self, make: Callable[[], StreamWriter]) -> Joint:
        """What the events of the attempt that now begins are written to."""
        if self.joint is None or self._call.seam is None:
            self.joint = Joint(make())
        else:
            self.joint.go_on()
        return self.joint

    def losses(self) -> tuple[str, ...]:
        """What is lost of the present attempt or its answer, because it goes on with another's."""
        if self.joint is None or self._call.seam is None:
            return ()
        return (*self._lost, *self.joint.losses)

    def answerers(self) -> str:
        """The providers whose texts the answer is made of, as one word."""
        rows = [row for row in self._call.rows if row.outcome in {"cut", "ok"}]
        return "+".join(dict.fromkeys(row.provider for row in rows))

    def can_go_on(self, error: MadangError) -> bool:
        """Whether another target may be asked for the rest, after this failure."""
        return (
            self._left > 0
            and self.joint is not None
            and not self.joint.is_fixed
            and isinstance(error, ProviderError)
            and error.retryable
            and not self._call.is_late(monotonic())
        )

    async def go_on(self, to: Caller, joint: Joint, usage: Usage, error: MadangError) -> None:
        """Send the rest of the stream, whoever it comes from."""
        call = self._call
        self._left -= 1
        try:
            _send(to, joint.break_off(usage))
            self._ask_for_rest(joint.text)
            reply = await self._resume(error)
        except MadangError:
            self._give_up(to, joint, error)
        except Exception:  # noqa: BLE001 - the caller's stream must end well, whatever the defect
            _log.exception("request %s: a defect of ours kept a stream from going on", call.id)
            self._give_up(to, joint, error)
        else:
            if isinstance(reply, Streamed):
                await reply.relay(to)

    def _ask_for_rest(self, text: str) -> None:
        """Make the call one for the rest of the answer."""
        call = self._call
        broken = call.rows[-1]
        call.seam = (
            f"asked to go on at character {len(text)}, after {broken.provider}/{broken.model}"
        )
        bound = self._bound
        if bound is not None:
            left = max(LEAST_TOKENS, bound - sum(row.output_tokens for row in call.rows))
            bound = min(bound, left) if room_for_thinking(self._request) <= left else bound
            call.envelope = replace(call.envelope, max_tokens=bound)
        request = replace(self._request, max_tokens=bound)
        call.request = with_text(request, text) if text.strip() else request

    def _give_up(self, to: Caller, joint: Joint, error: MadangError) -> None:
        settle.conclude(self._call)
        self._finish(self._call)
        _send(to, joint.fail(error))


def with_text(request: Request, text: str) -> Request:
    """The request whose answer has begun with `text` and shall go on from there."""
    messages = list(request.messages)
    said = Message("assistant", (Text(text),))
    if messages and messages[-1].role == "assistant":  # the caller has begun the answer itself
        begun = messages.pop()
        said = replace(begun, parts=(*begun.parts, Text(text)))
    return replace(request, messages=(*messages, said, Message("user", (Text(GO_ON),))))


def _send(to: Caller, data: bytes) -> None:
    if data:
        to.send(data)
