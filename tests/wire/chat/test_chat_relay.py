"""A relayed stream: the bytes stay, the facts are noted, and only what breaks a client is mended."""

import json

import pytest
from chat_traffic import chunk, relay, sse
from openai._models import construct_type
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from madang.model import Usage
from madang.wire.chat import WIRE
from stand.streams import written_data

PLAIN = sse([chunk({"role": "assistant", "content": ""}), chunk({"content": "a [DONE] b"})])
FINISH = sse([chunk(finish="stop")])
USAGE = sse([{**chunk(), "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}])
DONE = b"data: [DONE]\n\n"


def test_whole_events_pass_without_a_copy():
    meter = WIRE.meter(True)
    assert meter.feed(PLAIN) == PLAIN
    again = PLAIN + PLAIN
    assert meter.feed(again) is again or meter.feed(again) == again
    ordinary = sse([chunk({"content": "x"}), chunk({"content": "y"})])
    assert meter.feed(ordinary) is ordinary


def test_a_broken_event_is_held_until_it_is_whole():
    meter = WIRE.meter(True)
    assert meter.feed(PLAIN[:-1]) == PLAIN[: PLAIN.index(b"\n\n") + 2]
    assert meter.feed(b"\n" + FINISH[:5]) == PLAIN[PLAIN.index(b"\n\n") + 2 :]
    assert meter.feed(FINISH[5:]) == FINISH
    assert meter.text_bytes == len(PLAIN) + len(FINISH)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_end_is_known_before_it_is_relayed(newline):
    done = DONE.replace(b"\n", newline.encode())
    meter = WIRE.meter(True)
    meter.feed(sse([chunk({"content": "a"}), chunk(finish="length")], newline))
    assert (meter.ended, meter.stop) == (False, "length")
    assert meter.feed(done) == done
    assert meter.ended


def test_words_inside_text_mean_nothing():
    text = '"usage": {} "error": "x" "finish_reason": "stop"\n\ndata: [DONE]\n\n'
    data = sse([chunk({"content": text})])
    out, meter = relay(data)
    assert out == data
    assert (meter.usage, meter.stop, meter.ended, meter.failed) == (None, None, False, False)


def test_usage_is_read_and_its_chunk_kept_only_for_those_who_asked():
    data = PLAIN + FINISH + USAGE + DONE
    for cut in range(0, len(data), 7):
        out, meter = relay(data, [cut], keep_usage=False)
        assert out == PLAIN + FINISH + DONE
        assert meter.usage == Usage(input=3, output=2)
    assert relay(data)[0] == data


def test_a_finish_without_done_ends_at_the_close():
    out, meter = relay(PLAIN + FINISH[:-2])
    assert out == PLAIN + FINISH
    assert meter.ended


def test_a_cut_stream_never_ends():
    out, meter = relay(PLAIN + FINISH[: len(FINISH) // 2])
    assert out == PLAIN
    assert not meter.ended


def test_a_done_without_its_empty_line_is_relayed_whole():
    out, meter = relay(PLAIN + b"data: [DONE]")
    assert out == PLAIN + DONE
    assert meter.ended


def test_an_error_is_noted_and_is_no_end():
    out, meter = relay(PLAIN + sse([{"error": {"message": "x", "code": 502}}]) + DONE)
    assert (meter.failed, meter.ended) == (True, False)
    assert out.endswith(DONE)


def calls_of(data):
    return [
        call
        for sent in written_data(relay(data)[0])
        if isinstance(sent, dict)
        for call in sent["choices"][0]["delta"].get("tool_calls") or []
    ]


def call(text, name=None, **members):
    function = {"name": name, "arguments": text} if name else {"arguments": text}
    return chunk({"tool_calls": [{"function": function, **members}]})


def test_calls_get_an_index_and_say_id_and_name_once():
    data = sse(
        [
            call('{"a"', "one", id="x"),
            call(":1}", "one", id="x"),
            call("{}", "two", id="x2"),
        ]
    )
    first, more, second = calls_of(data)
    assert first == {
        "index": 0,
        "id": "x",
        "type": "function",
        "function": {"name": "one", "arguments": '{"a"'},
    }
    assert more == {"index": 0, "function": {"arguments": ":1}"}}
    assert (second["index"], second["id"]) == (1, "x2")


def test_a_call_without_id_gets_one_of_its_own():
    first, second = calls_of(sse([call("{}", "one", index=0), call("{}", "two", index=1)]))
    assert first["id"]
    assert second["id"]
    assert first["id"] != second["id"]


def test_calls_that_are_right_keep_their_bytes():
    data = sse([call("", "one", index=0, id="x", type="function"), call("{}", index=0)])
    assert relay(data)[0] == data


def test_the_stop_knows_of_calls():
    _, meter = relay(sse([call("{}", "one", index=0, id="x"), chunk(finish="stop")]))
    assert meter.stop == "tool_calls"


def test_thoughts_as_a_list_become_a_field():
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]
    out, _ = relay(sse([chunk({"content": thinking}), chunk({"content": "four"})]))
    first, second = (sent["choices"][0]["delta"] for sent in written_data(out))
    assert first == {"content": "", "reasoning_content": "hm"}
    assert second == {"content": "four"}


def test_chunks_without_an_object_get_one():
    nameless = {k: v for k, v in chunk({"content": "a"}).items() if k != "object"}
    out, _ = relay(sse([nameless, nameless]))
    assert [sent["object"] for sent in written_data(out)] == ["chat.completion.chunk"] * 2


def as_the_sdk_has_it(data):
    """What the helper of the official SDK makes of a relayed stream; it raises where a chunk does not fit."""
    state = ChatCompletionStreamState()
    for sent in written_data(relay(data)[0]):
        if isinstance(sent, dict):
            state.handle_chunk(construct_type(value=sent, type_=ChatCompletionChunk))
    return state.get_final_completion().choices[0].message


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_chunk_without_choices_is_one_for_the_sdk(newline):
    """Azure and Portkey tell of their filters so, and some tell the usage so."""
    odd = [{"object": "chat.completion.chunk", "hook_results": {}}, {"choices": None, "id": "c1"}]
    usage = {"object": "chat.completion.chunk", "usage": {"prompt_tokens": 1}}
    spoken = [chunk({"role": "assistant", "content": "a"}), *odd, chunk({"content": "b"})]
    data = sse([*spoken, {}, chunk(finish="stop"), usage], newline)
    assert as_the_sdk_has_it(data).content == "ab"
    for cut in range(1, len(data), 11):
        assert relay(data, [cut])[0] == relay(data)[0]


def test_a_chunk_on_several_lines_is_mended_on_one():
    nameless = {"id": "c", "choices": [{"index": 0, "delta": {"content": "a\nb"}}]}
    lines = json.dumps(nameless, indent=1).split("\n")
    [sent] = written_data(relay("".join(f"data: {line}\n" for line in lines).encode() + b"\n")[0])
    assert sent == {"object": "chat.completion.chunk", **nameless}


def test_a_choice_without_index_or_delta_gets_them():
    first = {**chunk(), "choices": [{"delta": {"role": "assistant", "content": "a"}}]}
    filtered = {**chunk(), "choices": [{"content_filter_results": {}, "finish_reason": None}]}
    last = {**chunk(), "choices": [{"delta": None, "finish_reason": "stop"}]}
    assert as_the_sdk_has_it(sse([first, filtered, last])).content == "a"
    call = {"index": 0, "id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    calling = {**chunk(), "choices": [{"delta": {"role": "assistant", "tool_calls": [call]}}]}
    assert as_the_sdk_has_it(sse([calling, first, last])).tool_calls[0].id == "x"
    known = sse([chunk({"role": "assistant", "content": "a"}), filtered, chunk(finish="stop")])
    assert as_the_sdk_has_it(known).content == "a"


def test_a_message_in_the_place_of_a_delta_is_said_once():
    message = {"role": "assistant", "content": "ab"}
    whole = {**chunk(), "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    assert as_the_sdk_has_it(sse([whole])).content == "ab"
    spoken = [chunk({"role": "assistant", "content": "a"}), chunk({"content": "b"})]
    assert as_the_sdk_has_it(sse([*spoken, whole])).content == "ab"


def test_a_null_type_does_not_undo_the_one_before():
    opened = call("", "one", index=0, id="x", type="function")
    nulls = {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": "{}"}}
    data = sse([opened, chunk({"tool_calls": [nulls]}), chunk(finish="tool_calls")])
    [made] = as_the_sdk_has_it(data).tool_calls
    assert (made.type, made.function.name, made.function.arguments) == ("function", "one", "{}")


def test_a_byte_order_mark_costs_no_chunk():
    out, meter = relay(b"\xef\xbb\xbf" + USAGE + PLAIN + FINISH)
    assert out == USAGE + PLAIN + FINISH
    assert meter.usage == Usage(input=3, output=2)


@pytest.mark.parametrize(
    "event",
    [
        b'event: error\ndata: {"message": "x"}\n\n',
        sse(
            [{**chunk({"content": ""}, "error"), "choices": [{"index": 0, "error": {"code": 502}}]}]
        ),
    ],
)
def test_an_error_in_an_odd_place_is_one(event):
    out, meter = relay(PLAIN + event)
    assert (out, meter.failed) == (PLAIN + event, True)


def test_what_is_no_json_is_passed_on():
    for data in (b": comment\n\n", b"data: {broken\n\n", b"data: [1]\n\n"):
        assert relay(data)[0] == data


@pytest.mark.parametrize("event", [b"data:\n\n", b"retry: 3000\n\n", b"event: x\nid: 4\n\n"])
def test_an_event_without_data_is_left_out(event):
    """The SDK reads JSON in it; a browser's EventSource would not have told of it."""
    assert relay(event + PLAIN + event + FINISH + event)[0] == PLAIN + FINISH
