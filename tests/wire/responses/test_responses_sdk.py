"""The official OpenAI client, on a real socket, as the judge of what we write and relay."""

import asyncio
import json

import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter
from responses_traffic import CONTEXT, every, read_stream, samples, write_stream

from madang import errors
from madang.model import (
    Answer,
    Audio,
    Choice,
    ChoiceEnded,
    Citation,
    Ended,
    Failed,
    Image,
    Media,
    Opaque,
    PartEnded,
    PartStarted,
    Refusal,
    Started,
    Text,
    TextDelta,
    Thinking,
    ToolCall,
    Usage,
)
from madang.wire.responses import WIRE
from stand.providers import openai_client, stream, whole
from stand.streams import sse, written_data
from stand.traffic import needs_recordings, recorded, recording, score

ASKED = {"model": "m", "input": "hi"}


async def gathered(body, piece=0, **asked):
    """The events and the response that the official `stream()` helper gathers from a stream."""
    async with (
        openai_client(stream(body, piece)) as client,
        client.responses.stream(**ASKED, **asked) as helper,
    ):
        events = [event async for event in helper]
        return events, await helper.get_final_response()


async def events_of(body):
    """The events that the official client yields."""
    async with openai_client(stream(body)) as client:
        events = await client.responses.create(**ASKED, stream=True)
        return [event async for event in events]


async def answered(body, status=200):
    """The response that the official client reads from a whole answer."""
    async with openai_client(whole(body, status)) as client:
        return await client.responses.create(**ASKED)


async def parsed(body, form, tools=()):
    """The response that the official `parse()` helper makes of a whole answer."""
    async with openai_client(whole(body)) as client:
        return await client.responses.parse(**ASKED, text_format=form, tools=list(tools))


EVENT = TypeAdapter(ResponseStreamEvent)
RESPONSE = TypeAdapter(Response)

RAISED = [
    (errors.InvalidRequest("m", param="x"), openai.BadRequestError),
    (errors.Unauthenticated("m"), openai.AuthenticationError),
    (errors.Forbidden("m"), openai.PermissionDeniedError),
    (errors.UnknownModel("m"), openai.NotFoundError),
    (errors.Conflict("m"), openai.ConflictError),
    (errors.RateLimited("m"), openai.RateLimitError),
    (errors.ContextOverflow("m"), openai.BadRequestError),
    (errors.ProviderRefusedKey("m"), openai.InternalServerError),
    (errors.ProviderOverloaded("m"), openai.InternalServerError),
    (errors.InternalError("m"), openai.InternalServerError),
]

PARTS = (
    Thinking("why", "c2ln", origin="messages"),
    Text("a", citations=(Citation("https://a.example", "A"), Citation(title="D"))),
    Text("b", citations=(Citation(url="https://b.example", start=0, end=1),)),
    Refusal("no"),
    Audio(Media(data="UklG"), transcript="said"),
    Image(Media("image/png", data="aW1n")),
    ToolCall("", "f", ""),
    ToolCall("c", "g", '{"a":1}', signature="s"),
    ToolCall("c", "p", "free", custom=True),
    Opaque("messages", "server_tool_use", {}),
)


def _events(*parts):
    """The events of a stream that says these parts."""
    yield Started("m")
    for index, part in enumerate(parts):
        match part:
            case Text() | Refusal() | Thinking():
                yield PartStarted(0, index, type(part)(""))
                yield from (TextDelta(0, index, letter) for letter in part.text)
            case ToolCall():
                yield PartStarted(0, index, ToolCall(part.id, part.name, "", part.custom))
                yield TextDelta(0, index, part.arguments)
            case _:
                yield PartStarted(0, index, part)
        yield PartEnded(0, index)
    yield ChoiceEnded(0, "stop")
    yield Ended()


@pytest.mark.parametrize(("error", "raised"), RAISED, ids=lambda value: str(value)[:40])
def test_the_client_raises_its_own_class(error, raised):
    status, body = WIRE.write_error(error)
    with pytest.raises(raised) as caught:
        asyncio.run(answered(body, status))
    assert caught.value.code == json.loads(body)["error"]["code"]
    assert caught.value.param == error.param


def test_the_client_reads_a_whole_answer():
    usage = Usage(input=3, output=2, cache_read=1, reasoning=1)
    answer = Answer(model="m", choices=(Choice(parts=PARTS, stop="tool_calls"),), usage=usage)
    body = WIRE.write_answer(answer, CONTEXT)
    RESPONSE.validate_json(body)
    response = asyncio.run(answered(body))
    assert (response.output_text, response.status) == ("absaid", "completed")
    first = response.output[1].content[0]
    assert [
        (a.type, a.start_index, a.end_index) for a in first.annotations if a.type[0] == "u"
    ] == [
        ("url_citation", 0, 1),
        ("url_citation", 1, 2),
    ]
    assert [a.filename for a in first.annotations if a.type == "file_citation"] == ["D"]
    calls = [item for item in response.output if item.type.endswith("_call")]
    assert [call.type for call in calls[-3:]] == ["function_call"] * 2 + ["custom_tool_call"]
    assert len({call.call_id for call in calls[-3:]}) == 3
    assert (calls[-3].arguments, response.usage.total_tokens) == ("{}", 5)


def test_the_client_accepts_every_event_and_gathers_the_same():
    parts = [part for part in PARTS if not isinstance(part, Opaque)]
    written = write_stream(_events(*parts))
    for event in written_data(written):
        EVENT.validate_python(event)
    numbers = [event["sequence_number"] for event in written_data(written)]
    assert numbers == list(range(len(numbers)))
    _, response = asyncio.run(gathered(written, piece=50))
    assert response.output_text == "absaid"
    assert [item.type for item in response.output] == [
        "reasoning",
        "message",
        "image_generation_call",
        "function_call",
        "function_call",
        "custom_tool_call",
    ]


class Reply(BaseModel):
    """What the model shall answer with."""

    city: str


def test_the_client_parses_structured_output_even_from_pieces():
    pieces = (Text('{"city": '), Text('"서울"}'))
    answer = Answer(model="m", choices=(Choice(parts=pieces, stop="stop"),))
    response = asyncio.run(parsed(WIRE.write_answer(answer, CONTEXT), Reply))
    assert response.output_parsed == Reply(city="서울")
    _, response = asyncio.run(gathered(write_stream(_events(*pieces)), text_format=Reply))
    assert response.output_parsed == Reply(city="서울")


def test_the_client_parses_arguments():
    tool = openai.pydantic_function_tool(Reply, name="f")["function"]
    answer = Answer(
        model="m", choices=(Choice(parts=(ToolCall("c", "f", '{"city":"a"}'),), stop="stop"),)
    )
    body = WIRE.write_answer(answer, CONTEXT)
    response = asyncio.run(parsed(body, Reply, [{"type": "function", **tool}]))
    assert response.output[0].parsed_arguments["city"] == "a"


@every("streams")
def test_the_client_gathers_what_was_said(case):
    body = write_stream(read_stream(sse(case["events"])))
    events = asyncio.run(events_of(body))
    assert events[-1].type in {"response.completed", "response.incomplete"}
    for event in written_data(body):
        EVENT.validate_python(event)
    if events[-1].type == "response.completed":
        _, response = asyncio.run(gathered(body))
        text = "".join(part[1] for part in case["says"] if part[0] == "text")
        assert response.output_text == text


@pytest.mark.parametrize("case", samples("failures")[:6], ids=lambda case: case["about"])
def test_the_client_sees_a_failure_as_one(case):
    """As OpenAI tells it: an event; and the helper raises when it is asked for the response."""
    body = write_stream(read_stream(sse(case["events"])))
    last = asyncio.run(events_of(body))[-1]
    assert (last.type, last.response.status) == ("response.failed", "failed")
    assert last.response.error.message
    with pytest.raises(RuntimeError):
        asyncio.run(gathered(body))


def test_the_client_raises_where_a_relayed_stream_is_given_up():
    begun = sse(samples("streams")[0]["events"][:6])
    body = begun + WIRE.write_stream_error(errors.ProviderTimedOut("late", phase="idle"), CONTEXT)
    for ask in (events_of, gathered):
        with pytest.raises(openai.APIError, match="late"):
            asyncio.run(ask(body))
    EVENT.validate_python(written_data(body)[-1])


def test_a_stream_cut_at_any_byte_never_looks_finished_to_the_client():
    body = write_stream(_events(Thinking("hm"), Text("hello"), ToolCall("c", "f", '{"a":1}')))
    last = body.rindex(b"event: response.completed")
    for cut in range(len(body) // 9, last, len(body) // 9):
        with pytest.raises((RuntimeError, openai.APIError, json.JSONDecodeError)):
            asyncio.run(gathered(body[:cut]))


def test_a_failure_before_anything_else_is_still_a_whole_stream():
    body = write_stream([Failed("no")])
    kinds = [event["type"] for event in written_data(body)]
    assert kinds == ["response.created", "response.in_progress", "response.failed"]


@pytest.mark.recordings
@needs_recordings
def test_the_client_gathers_recorded_streams():
    for name in recorded(api="openai_responses", streaming=True, status=200)[::5]:
        body = recording(name)["response"]["body"].encode()
        want = score().native_view(recording(name))
        written = write_stream(read_stream(body))
        _, response = asyncio.run(gathered(written))
        calls = [item for item in response.output if item.type == "function_call"]
        assert response.output_text == want["text"], name
        assert [json.loads(call.arguments) for call in calls] == [
            call["args"] for call in want["tool_calls"]
        ], name


@pytest.mark.recordings
@needs_recordings
def test_recorded_answers_are_written_as_the_client_specifies_them():
    for name in recorded(api="openai_responses", streaming=False, status=200):
        body = recording(name)["response"]["body"].encode()
        if b'"web_search_call"' not in body:  # some recorded searches lack what is specified
            RESPONSE.validate_json(WIRE.write_answer(WIRE.read_answer(body), CONTEXT))
