"""OpenAI Responses: as the format of callers and as that of providers.

A request is read in `read_request`, its items in `read_items`, and written in `write_request` and
`write_items`; answers in `read_answer` and `write_answer`, streams in `read_stream` and
`write_stream`. `envelope` and `relay` are the short way when both sides speak this dialect,
`history` is what a store needs for `previous_response_id`. The rule for all of them: what the other
side cannot say is kept in `extra` and `Opaque`, or named as a loss.
"""

from madang.wire import json
from madang.wire.contract import Meter, StreamReader, StreamWriter, Wire, WriteContext
from madang.wire.openai_errors import read_error, write_error
from madang.wire.responses.envelope import read_envelope, request_path, retarget
from madang.wire.responses.errors import write_stream_error
from madang.wire.responses.history import body_with_history, conversation_items, with_history
from madang.wire.responses.read_answer import read_answer
from madang.wire.responses.read_request import read_request
from madang.wire.responses.read_stream import ResponsesReader
from madang.wire.responses.relay import ResponsesMeter, skim_answer
from madang.wire.responses.write_answer import write_answer
from madang.wire.responses.write_request import write_request
from madang.wire.responses.write_stream import ResponsesWriter

__all__ = ["WIRE", "body_with_history", "conversation_items", "with_history"]


def _stream_reader() -> StreamReader:
    return ResponsesReader()


def _stream_writer(context: WriteContext) -> StreamWriter:
    return ResponsesWriter(context)


def _meter(keep_usage: bool) -> Meter:  # noqa: FBT001 - the contract's order
    return ResponsesMeter(keep_usage)


WIRE = Wire(
    dialect="responses",
    read_envelope=read_envelope,
    retarget=retarget,
    read_request=read_request,
    write_request=write_request,
    read_answer=read_answer,
    skim_answer=skim_answer,
    repair_answer=json.without_mark,
    write_answer=write_answer,
    stream_reader=_stream_reader,
    stream_writer=_stream_writer,
    meter=_meter,
    write_error=write_error,
    write_stream_error=write_stream_error,
    read_error=read_error,
    request_path=request_path,
)
