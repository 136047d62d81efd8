"""What a stream sends before its model has begun is told from an answer, in every dialect."""

import json

import pytest

from madang.wire.opening import is_opening


def event(**content) -> bytes:
    name = content.get("type")
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(content)}\n\n".encode()


def chunk(finish=None, **delta) -> bytes:
    return event(id="c", choices=[{"index": 0, "delta": delta, "finish_reason": finish}])


def block(**content) -> bytes:
    return event(type="content_block_start", index=0, content_block=content)


def item(**content) -> bytes:
    return event(type="response.output_item.added", output_index=0, item=content)


def piece(*parts, **more) -> bytes:
    return event(candidates=[{"content": {"role": "model", "parts": list(parts)}, **more}])


START = event(type="message_start", message={"role": "assistant", "content": []})
CREATED = event(type="response.created", response={"instructions": "Say hello.", "output": []})
SILENT = {
    "chat": [
        chunk(role="assistant"),
        chunk(role="assistant", content="", refusal=None),
        event(choices=[], prompt_filter_results=[{"index": 0}]),
        b": OPENROUTER PROCESSING\n\n",
        chunk(role="assistant").replace(b"\n", b"\r\n"),
    ],
    "completions": [event(choices=[{"index": 0, "text": "", "finish_reason": None}])],
    "messages": [START, event(type="ping"), block(type="text", text="")],
    "responses": [
        CREATED,
        event(type="response.in_progress", response={}),
        item(type="message", content=[]),
        event(type="response.content_part.added", part={"type": "output_text", "text": ""}),
    ],
    "gemini": [event(usageMetadata={"promptTokenCount": 3}), piece({"text": ""}), piece()],
}
TELLING = {
    "chat": [
        chunk(content="Hi"),
        chunk(reasoning_content="Hm"),
        chunk(refusal="No"),
        chunk(tool_calls=[{"index": 0, "id": "x"}]),
        chunk(finish="stop"),
        b"data: [DONE]\n\n",
        b"<html>\n\ndata: <html>\n\n",
    ],
    "completions": [event(choices=[{"index": 0, "text": "Hi"}])],
    "messages": [
        event(type="content_block_delta", delta={"type": "text_delta", "text": "Hi"}),
        block(type="tool_use", id="t", name="f", input={}),
        block(type="thinking", thinking=""),
        event(type="message_delta", delta={"stop_reason": "end_turn"}),
        event(type="error", error={"type": "overloaded_error"}),
    ],
    "responses": [
        event(type="response.output_text.delta", delta="Hi"),
        item(type="reasoning", summary=[]),
        item(type="function_call", name="f"),
        event(type="response.completed", response={}),
    ],
    "gemini": [
        piece({"text": "Hi"}),
        piece({"functionCall": {"name": "f"}}),
        piece(finishReason="STOP"),
        event(promptFeedback={"blockReason": "SAFETY"}),
    ],
}


@pytest.mark.parametrize("dialect", SILENT)
def test_signs_of_life_are_an_opening_alone_and_together(dialect):
    for one in SILENT[dialect]:
        assert is_opening(dialect, one), one
    assert is_opening(dialect, b"".join(SILENT[dialect]))


@pytest.mark.parametrize("dialect", TELLING)
def test_whatever_says_something_is_none(dialect):
    for one in TELLING[dialect]:
        assert not is_opening(dialect, one), one
        assert not is_opening(dialect, b"".join(SILENT[dialect]) + one), one


def test_what_is_not_understood_is_passed_on():
    assert not is_opening("chat", b"data: {broken\n\n")
    assert not is_opening("messages", b"data: [1, 2]\n\n")
    assert not is_opening("gemini", b"data: \xff\n\n")
    assert not is_opening("embeddings", b"data: {}\n\n")
