"""What holds for every stream, every body and every conversation, however odd."""

import json

from hypothesis import given
from hypothesis import strategies as st
from responses_traffic import CONTEXT, read_stream, samples, write_stream

from madang.errors import InvalidRequest, ProviderError
from madang.model import (
    Ended,
    Failed,
    TextDelta,
)
from madang.wire.responses import WIRE
from stand.odd import cuts, maybe, names, objects, values, words
from stand.streams import check_promise, sse, written_data

# --- anything that a provider might send ----------------------------------------------------------

indexes = st.integers(0, 2)
annotations = maybe(type=words, start_index=indexes, url=words, title=words)
parts = maybe(
    type=st.sampled_from(["output_text", "refusal", "reasoning_text", "input_text", "input_image"]),
    text=words,
    refusal=words,
    annotations=st.lists(annotations, max_size=2),
    logprobs=st.lists(objects, max_size=2),
    image_url=words,
    prompt_cache_breakpoint=objects,
)
KINDS = [
    *("message", "reasoning", "function_call", "custom_tool_call", "web_search_call"),
    *("function_call_output", "custom_tool_call_output", "image_generation_call", "item_reference"),
]
items = maybe(
    type=st.sampled_from(KINDS),
    id=words,
    role=st.sampled_from(["user", "assistant", "system", "developer"]),
    content=st.lists(parts, max_size=2) | words,
    summary=st.lists(maybe(text=words), max_size=2),
    encrypted_content=words | st.just("sealed_mdg_:messages::s"),
    call_id=names,
    name=names,
    arguments=words | objects,
    input=words,
    output=words | st.lists(parts, max_size=2),
    result=words,
    phase=words,
    namespace=words,
)
responses = maybe(
    id=words,
    model=words,
    status=st.sampled_from(["completed", "incomplete", "failed", "in_progress"]),
    created_at=st.floats(),
    output=st.lists(items, max_size=3),
    usage=maybe(input_tokens=st.integers(), input_tokens_details=objects),
    incomplete_details=maybe(reason=words),
    error=maybe(code=words, message=words),
)
EVENTS = [
    *("created", "in_progress", "output_item.added", "output_item.done", "output_text.delta"),
    *("refusal.delta", "output_text.annotation.added", "reasoning_summary_text.delta"),
    *("reasoning_text.delta", "function_call_arguments.delta", "function_call_arguments.done"),
    *("custom_tool_call_input.delta", "custom_tool_call_input.done", "completed", "incomplete"),
    *("failed", "done", "other"),
]
events = maybe(
    type=st.sampled_from([f"response.{name}" for name in EVENTS] + ["error"]),
    output_index=indexes,
    content_index=indexes,
    summary_index=indexes,
    item=items,
    delta=words,
    arguments=words,
    name=names,
    annotation=annotations,
    logprobs=st.lists(objects, max_size=2),
    response=responses,
    error=objects,
)
streams = st.lists(events | values.filter(lambda value: not isinstance(value, str)), max_size=8)


@given(streams, cuts)
def test_any_stream_in_any_cuts_gives_the_same_ordered_events(sent, cuts):
    body = sse([event for event in sent if isinstance(event, dict)], named=False)
    body += b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in sent)
    read = read_stream(body)
    check_promise(read)
    assert read_stream(body, [cut % (len(body) + 1) for cut in cuts]) == read


@given(streams)
def test_whatever_was_read_is_written_as_one_whole_stream(sent):
    once = read_stream(b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in sent))
    written = written_data(write_stream(once))
    ends = {"response.completed", "response.incomplete", "response.failed"}
    assert [event["type"] in ends for event in written] == [False] * (len(written) - 1) + [True]
    assert [event["sequence_number"] for event in written] == list(range(len(written)))
    again = read_stream(write_stream(once))
    check_promise(again)
    assert isinstance(again[-1], Failed) == isinstance(once[-1], Failed)
    assert _texts(again) == _texts(once)


def _texts(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta)).replace("{}", "")


ENDS = ("response.completed", "response.incomplete", "response.done")


@given(streams, st.integers(1, 40))
def test_a_relay_passes_whole_events_and_agrees_on_the_end(sent, piece):
    body = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in sent)
    meter = WIRE.meter(False)
    out = b"".join(meter.feed(body[at : at + piece]) for at in range(0, len(body), piece))
    assert out + meter.close() == body
    ends = [one for one in sent if isinstance(one, dict) and one.get("type") in ENDS]
    if all(isinstance(one.get("response"), dict) for one in ends):
        assert meter.ended == isinstance(read_stream(body)[-1], Ended)


@given(st.binary(max_size=60) | words.map(str.encode), cuts)
def test_garbage_ends_in_failed_and_never_raises(body, cuts):
    assert isinstance(read_stream(body, [cut % (len(body) + 1) for cut in cuts])[-1], Failed)
    WIRE.skim_answer(body)
    WIRE.read_error(400, {}, body)


@given(responses | values)
def test_any_answer_is_read_or_refused(sent):
    body = json.dumps(sent).encode()
    WIRE.skim_answer(body)
    try:
        answer = WIRE.read_answer(body)
    except ProviderError:
        return
    json.loads(WIRE.write_answer(answer, CONTEXT))


@given(st.integers(400, 599), values | maybe(error=maybe(code=values, message=values, type=words)))
def test_any_error_is_read_and_written(status, sent):
    error = WIRE.read_error(status, {}, json.dumps(sent).encode())
    assert 400 <= WIRE.write_error(error)[0] <= 599


# --- anything that a caller might send ------------------------------------------------------------

tools = maybe(
    type=st.sampled_from(["function", "custom", "web_search"]),
    name=names,
    description=words,
    parameters=objects,
    strict=st.booleans(),
    defer_loading=st.booleans(),
)
bodies = maybe(
    model=st.just("m"),
    input=st.lists(items, max_size=4) | words,
    instructions=words,
    tools=st.lists(tools, max_size=2),
    tool_choice=st.sampled_from(["auto", "none"]) | maybe(type=words, name=names, tools=objects),
    text=maybe(format=maybe(type=st.sampled_from(["text", "json_schema", "x"]), schema=objects)),
    reasoning=maybe(effort=words, summary=words, mode=words),
    include=st.lists(words, max_size=2),
    store=st.booleans(),
    metadata=objects,
    previous_response_id=words,
    x=values,
)


@given(bodies, st.sampled_from(["gpt-4.1", "gpt-5.2", "other"]))
def test_any_request_is_refused_by_its_place_or_can_be_written_again_and_again(sent, model):
    body = json.dumps(sent).encode()
    try:
        request = WIRE.read_request(body, None, False)
        rendered = WIRE.write_request(request, model)
    except InvalidRequest:
        return
    assert rendered.losses in {(), ("thinking_history",)}
    again = WIRE.write_request(WIRE.read_request(rendered.body, None, False), model)
    assert json.loads(again.body) == json.loads(rendered.body)


@given(bodies | values)
def test_any_envelope_is_read_or_refused(sent):
    body = json.dumps(sent).encode()
    try:
        envelope = WIRE.read_envelope(body, None, False)
    except InvalidRequest:
        return
    kept = {name: value for name, value in sent.items() if name != "input"}
    told = json.loads(WIRE.retarget(body, envelope, "other"))
    assert {name: value for name, value in told.items() if name != "input"} == {
        **kept,
        "model": "other",
    }


@given(st.sampled_from(samples("streams")), cuts)
def test_a_sample_is_read_the_same_in_any_cuts(case, cuts):
    body = sse(case["events"])
    assert read_stream(body, [cut % len(body) for cut in cuts]) == read_stream(body)


def test_a_response_that_failed_at_once_and_was_billed_begins_too():
    usage = {"input_tokens": 7, "output_tokens": 0, "total_tokens": 7}
    event = {"type": "response.failed", "response": {"status": "failed", "usage": usage}}
    check_promise(read_stream(sse([event], named=False)))
