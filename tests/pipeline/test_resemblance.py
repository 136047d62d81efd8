"""How alike answers are, by hand, and what an answer says in each dialect, whole or streamed."""

import pytest

from madang.pipeline.shadows.resemblance import likeness, read_said
from madang.wire.registry import WIRES


@pytest.mark.parametrize(
    ("one", "other", "by_hand"),
    [
        ("abcd", "abcd", 1.0),
        ("abcd", "abce", 0.5),  # abc, bcd and abc, bce: one of two in common
        ("Hello  There", "hello\nthere", 1.0),
        ("안녕하세요", "안녕하세여", 2 / 3),
        ("abc", "xyz", 0.0),
        ("abc", "", 0.0),
        ("ok", "ok", 1.0),
        ("", " ", None),
    ],
)
def test_likeness_counts_groups_of_three_characters(one, other, by_hand):
    assert likeness(one, other) == pytest.approx(by_hand)


def test_what_stands_twice_counts_twice():
    """aaa, aaa, aaa against aaa: 2 of 4."""
    assert likeness("aaaaa", "aaa") == pytest.approx(0.5)


CALL = '{"index":0,"id":"c","type":"function","function":{"name":"look","arguments":"{}"}}'


def test_a_whole_answer_tells_its_text_stop_and_tools():
    body = (
        '{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
        f'"finish_reason":"tool_calls","message":{{"role":"assistant","content":"hm","tool_calls":[{CALL}]}}}}]}}'
    )
    said = read_said(WIRES["chat"], body.encode(), streamed=False)
    assert said == ("hm", "tool_calls", ("look",))


def test_a_stream_tells_the_same():
    pieces = ['{"content":"h"}', '{"content":"m"}', f'{{"tool_calls":[{CALL}]}}']
    chunks = [f'{{"index":0,"delta":{piece},"finish_reason":null}}' for piece in pieces]
    chunks.append('{"index":0,"delta":{},"finish_reason":"tool_calls"}')
    start = '{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    body = "".join(f"data: {start}[{chunk}]}}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    said = read_said(WIRES["chat"], body.encode(), streamed=True)
    assert said == ("hm", "tool_calls", ("look",))
