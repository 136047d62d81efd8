"""Anthropic Messages: as the format of callers and as that of providers.

Requests are read in `read_request` and `read_blocks`, written in `write_request`, `turns`,
`write_blocks` and `thinking`; answers in `read_answer` and `write_answer`, streams in `read_stream`
and `write_stream`. `relay` is the short way when both sides speak this dialect. The rule for all of
them: what the other side cannot say is kept in `extra` and `Opaque`, or named as a loss.
"""

from madang.wire import json
from madang.wire.contract import Wire
from madang.wire.messages.read_answer import read_answer
from madang.wire.messages.read_error import read_error
from madang.wire.messages.read_request import read_count_request, read_request
from madang.wire.messages.read_stream import MessagesReader
from madang.wire.messages.relay import (
    MessagesMeter,
    read_count_envelope,
    read_envelope,
    retarget,
    skim_answer,
)
from madang.wire.messages.write_answer import write_answer
from madang.wire.messages.write_error import write_error, write_stream_error
from madang.wire.messages.write_request import write_request
from madang.wire.messages.write_stream import MessagesWriter

__all__ = ["WIRE", "count_answer", "read_count_envelope", "read_count_request"]


def request_path(_model: str, _stream: bool) -> str:  # noqa: FBT001
    """Return the path below a base URL such as `https://api.anthropic.com/v1`."""
    return "/messages"


def count_answer(tokens: int) -> bytes:
    """Return the answer to a `count_tokens` request."""
    return json.encode({"input_tokens": tokens})


WIRE = Wire(
    dialect="messages",
    read_envelope=read_envelope,
    retarget=retarget,
    read_request=read_request,
    write_request=write_request,
    read_answer=read_answer,
    skim_answer=skim_answer,
    repair_answer=json.without_mark,
    write_answer=write_answer,
    stream_reader=MessagesReader,
    stream_writer=MessagesWriter,
    meter=MessagesMeter,
    write_error=write_error,
    write_stream_error=write_stream_error,
    read_error=read_error,
    request_path=request_path,
)
