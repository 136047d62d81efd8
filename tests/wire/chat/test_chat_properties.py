"""What holds for any input: cuts change nothing, garbage never raises, and writing undoes reading."""

from contextlib import suppress

import msgspec
from chat_traffic import (
    CONTEXT,
    chunk,
    fold,
    noted,
    read_stream,
    relay,
    sample_streams,
    sse,
    write_stream,
)
from hypothesis import given
from hypothesis import strategies as st

from madang.errors import InvalidRequest, ProviderError
from madang.model import (
    Answer,
    Audio,
    CacheMark,
    Choice,
    Document,
    Ended,
    Failed,
    Format,
    Image,
    Media,
    Message,
    Reasoning,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
    Video,
)
from madang.wire.chat import WIRE
from stand.streams import check_promise

# --- garbage --------------------------------------------------------------------------------------

MEMBERS = """
id object created model choices index delta message content role reasoning reasoning_content
reasoning_details refusal tool_calls function custom name arguments input type text thinking
function_call audio data transcript images image_url url annotations logprobs finish_reason
usage prompt_tokens completion_tokens total_tokens citations search_results error code param
messages tools tool_choice signature format detail metadata stop stream stream_options
response_format parameters file file_data reasoning.text reasoning.encrypted input_audio
"""
WORDS = st.sampled_from(MEMBERS.split())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2**70)
    | st.floats(allow_nan=False)
    | WORDS
    | st.text(max_size=6)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)
DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "content": ANYTHING,
        "reasoning_content": ANYTHING,
        "refusal": ANYTHING,
        "audio": ANYTHING,
        "images": ANYTHING,
        "annotations": ANYTHING,
        "reasoning_details": st.lists(ANYTHING, max_size=2),
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "index": st.integers(0, 2) | SCALARS,
                    "id": st.sampled_from(["a", "b", ""]) | SCALARS,
                    "function": st.fixed_dictionaries(
                        {}, optional={"name": SCALARS, "arguments": ANYTHING}
                    ),
                    "custom": ANYTHING,
                },
            ),
            max_size=3,
        ),
    },
)
CHOICE = st.fixed_dictionaries(
    {"delta": DELTAS},
    optional={"index": st.integers(0, 2) | SCALARS, "finish_reason": SCALARS, "logprobs": ANYTHING},
)
CHUNKS = st.fixed_dictionaries(
    {"choices": st.lists(CHOICE, max_size=2)}, optional={"usage": ANYTHING, "id": SCALARS}
)
WEIRD_STREAMS = st.lists(
    CHUNKS | st.dictionaries(WORDS, ANYTHING, max_size=4) | st.just("[DONE]"), max_size=6
)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_stream_fail_and_never_raise(data):
    events = read_stream(data)
    check_promise(events)
    assert isinstance(events[-1], Failed)
    relay(data)


@given(WEIRD_STREAMS)
def test_a_stream_of_odd_shapes_keeps_the_promise(chunks):
    data = sse(chunks)
    events = read_stream(data)
    check_promise(events)
    check_promise(read_stream(write_stream(events)))
    relayed, meter = relay(data)
    assert meter.text_bytes == len(relayed)


@given(ANYTHING | st.binary(max_size=60), st.sampled_from([200, 400, 403, 404, 413, 429, 500, 529]))
def test_answers_of_odd_shapes_are_errors_or_answers(value, status):
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    assert isinstance(WIRE.read_error(status, {b"retry-after": body[:30]}, body), ProviderError)
    WIRE.skim_answer(body)
    try:
        WIRE.write_answer(WIRE.read_answer(body), CONTEXT)
    except ProviderError as error:
        WIRE.write_error(error)


ANSWERED = CHOICE.map(lambda choice: {**choice, "message": choice["delta"]})


@given(st.lists(ANSWERED, min_size=1, max_size=3), ANYTHING)
def test_choices_of_odd_shapes_are_answers(choices, usage):
    body = msgspec.json.encode({"choices": choices, "usage": usage})
    answer = WIRE.read_answer(body)
    skimmed = WIRE.skim_answer(body)
    assert (skimmed.usage, skimmed.stop) == (answer.usage, answer.choices[0].stop)
    WIRE.write_answer(answer, CONTEXT)


MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "function"])},
    optional={"content": ANYTHING, "tool_calls": ANYTHING, "reasoning_details": ANYTHING},
)


@given(st.dictionaries(WORDS, ANYTHING, max_size=6), st.lists(MESSAGES | ANYTHING, max_size=3))
def test_requests_of_odd_shapes_are_refused_in_words(members, messages):
    body = msgspec.json.encode({"model": "m", **members, "messages": messages})
    with suppress(InvalidRequest):
        WIRE.read_envelope(body, None, False)
    with suppress(InvalidRequest):
        WIRE.write_request(WIRE.read_request(body, None, False), "m")


# --- cuts -----------------------------------------------------------------------------------------


@given(st.data())
def test_any_cut_gives_the_same_events_and_the_same_relay(data):
    case = data.draw(st.sampled_from(sample_streams()))
    newline = data.draw(st.sampled_from(["\n", "\r\n"]))
    stream = sse(case["chunks"], newline)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    assert read_stream(stream, cuts) == read_stream(stream)
    whole, cut = relay(stream, keep_usage=False), relay(stream, cuts, keep_usage=False)
    assert whole[0] == cut[0]
    assert noted(whole[1]) == noted(cut[1])


@given(st.data())
def test_a_stream_that_stops_anywhere_before_its_finish_is_no_success(data):
    case = data.draw(st.sampled_from(sample_streams()))
    stream = sse(case["chunks"])
    end = data.draw(st.integers(0, stream.index(b'"finish_reason": "')))
    assert not isinstance(read_stream(stream[:end])[-1], Ended)
    assert not relay(stream[:end])[1].ended


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6)), min_size=1, max_size=12))
def test_calls_that_interleave_in_any_way_arrive_whole(order):
    """Each call's arguments are sent in pieces, in the drawn order of calls and sizes."""
    left = {key: f'{{"key":{key}}}' for key, _ in order}
    chunks = []
    seen = set()
    for key, size in [*order, *[(key, 99) for key in left]]:
        piece, left[key] = left[key][:size], left[key][size:]
        first = {} if key in seen else {"id": f"i{key}"}
        named = {} if key in seen else {"name": f"f{key}"}
        seen.add(key)
        entry = {"index": key, **first, "function": {**named, "arguments": piece}}
        chunks.append(chunk({"tool_calls": [entry]}))
    events = read_stream(sse([*chunks, chunk(finish="tool_calls")]))
    check_promise(events)
    calls = {part[1]: part[2] for part in fold(events)["choices"][0]}
    assert calls == {f"f{key}": f'{{"key":{key}}}' for key in seen}


# --- writing undoes reading -----------------------------------------------------------------------

NAMES = st.text("abcdef_", min_size=1, max_size=6)
PROSE = st.text(min_size=1, max_size=12)
MARKS = st.none() | st.builds(CacheMark, ttl=st.none() | st.just("1h"))
BASE64 = st.just("AAEC")
PICTURES = st.builds(
    Image,
    st.builds(Media, mime=st.just("image/png"), data=BASE64)
    | st.builds(Media, url=st.just("https://a.example/b")),
    detail=st.none() | st.just("low"),
    cache=MARKS,
)
USER_PARTS = (
    st.builds(Text, PROSE, cache=MARKS)
    | PICTURES
    | st.builds(Audio, st.builds(Media, mime=st.just("audio/wav"), data=BASE64))
    | st.builds(Video, st.builds(Media, url=st.just("https://a.example/v")))
    | st.builds(
        Document,
        st.builds(Media, mime=st.just("application/pdf"), data=BASE64),
        title=NAMES,
        cache=MARKS,
    )
    | st.builds(Document, st.builds(Media, file_id=NAMES))
)
THOUGHTS = st.builds(Thinking, PROSE, origin=st.just("chat")) | st.builds(
    Thinking, PROSE, signature=NAMES, origin=st.sampled_from(["messages", "gemini", "responses"])
)


@st.composite
def turns(draw):
    """An assistant's turn with its calls, and the user's turn that answers them."""
    calls = [
        ToolCall(f"id{n}", draw(NAMES), draw(st.sampled_from(['{"a":1}', "{}"])))
        for n in range(draw(st.integers(0, 2)))
    ]
    said = [
        *draw(st.lists(THOUGHTS, max_size=1)),
        *draw(st.lists(st.builds(Text, PROSE), max_size=2)),
    ]
    said += draw(st.lists(st.builds(Refusal, PROSE), max_size=1))
    messages = [Message("assistant", (*said, *calls))] if said or calls else []
    if calls:
        results = [
            ToolResult(c.id, (Text(draw(PROSE)),), name=c.name, cache=draw(MARKS)) for c in calls
        ]
        messages.append(Message("user", tuple(results)))
    user = draw(st.lists(USER_PARTS, min_size=1, max_size=3))
    return [*messages, Message("user", tuple(user), draw(st.none() | NAMES))]


@st.composite
def requests(draw):
    tools = tuple(
        Tool(f"t{n}", draw(st.none() | PROSE), {"type": "object"}, draw(st.none() | st.booleans()))
        for n in range(draw(st.integers(0, 2)))
    )
    return Request(
        dialect="chat",
        model="m",
        system=tuple(draw(st.lists(st.builds(Text, PROSE), max_size=1))),
        messages=tuple(m for turn in draw(st.lists(turns(), min_size=1, max_size=2)) for m in turn),
        tools=tools,
        tool_choice=draw(
            st.sampled_from([None, ToolChoice("required"), ToolChoice("auto", ("t0", "t1"))])
        )
        if tools
        else None,
        parallel_tools=draw(st.none() | st.booleans()) if tools else None,
        max_tokens=draw(st.none() | st.integers(1, 9)),
        temperature=draw(st.none() | st.floats(0, 2)),
        top_k=draw(st.none() | st.integers(1, 9)),
        stop=tuple(draw(st.lists(PROSE, max_size=2))),
        seed=draw(st.none() | st.integers()),
        format=draw(
            st.sampled_from(
                [None, Format("json"), Format("json_schema", {}, "n", "d", strict=True)]
            )
        ),
        reasoning=draw(
            st.sampled_from(
                [
                    None,
                    Reasoning("low"),
                    Reasoning(budget_tokens=9),
                    Reasoning(adaptive=True, show=True),
                ]
            )
        ),
        extra=draw(st.dictionaries(NAMES, st.integers(), max_size=2)),
    )


@given(requests())
def test_a_request_of_this_dialect_survives_writing(request):
    rendered = WIRE.write_request(request, "m")
    assert rendered.losses == ()
    assert WIRE.read_request(rendered.body, None, False) == request


ANSWER_PARTS = st.builds(
    lambda thoughts, texts, refusals, calls: (*thoughts, *texts, *refusals, *calls),
    st.lists(st.builds(Thinking, PROSE, origin=st.just("chat")), max_size=1),
    st.lists(st.builds(Text, PROSE), max_size=1),
    st.lists(st.builds(Refusal, PROSE), max_size=1),
    st.lists(
        st.builds(ToolCall, NAMES, NAMES, st.sampled_from(['{"a":1}', "{}"])),
        max_size=2,
        unique_by=lambda call: call.id,
    ),
)


@given(ANSWER_PARTS, st.sampled_from(["length", "content_filter", "error"]), st.integers(0, 99))
def test_an_answer_survives_writing(parts, stop, count):
    usage = Usage(input=count + 5, output=count + 3, cache_read=count, reasoning=count // 2)
    answer = Answer(model="x", choices=(Choice(parts=parts, stop=stop),), usage=usage)
    again = WIRE.read_answer(WIRE.write_answer(answer, CONTEXT))
    assert again.choices[0].parts == parts
    assert (again.choices[0].stop, again.usage) == (stop, usage)
    assert (again.model, again.created_s) == (CONTEXT.model, CONTEXT.created_s)
