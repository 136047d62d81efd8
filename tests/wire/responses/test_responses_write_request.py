"""Requests of other dialects, as a provider of this one takes them."""

import pytest
from responses_traffic import foreign, read, write

from madang.errors import InvalidRequest
from madang.model import (
    Audio,
    CacheMark,
    Citation,
    Document,
    Format,
    Image,
    Media,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)
from madang.wire.responses.generations import PERMISSIVE, generation_of

TOOL = Tool("f", schema={"type": "object"})


def _sent(*messages, **members):
    body, losses = write(foreign(messages=messages, **members))
    return body["input"], losses


def test_nothing_is_kept_at_the_provider_and_reasoning_can_travel():
    body, losses = write(foreign(system=(Text("a"), Text("b")), stream=True))
    assert (body["store"], body["stream"], body["include"]) == (
        False,
        True,
        ["reasoning.encrypted_content"],
    )
    assert body["instructions"] == "a\nb"
    assert body["input"] == [{"type": "message", "role": "user", "content": "hello"}]
    assert losses == set()


@pytest.mark.parametrize(
    ("system", "asked", "sent"),
    [
        ("Be brief.", "hello", ["system: Answer with one valid JSON object and nothing else."]),
        ("Be brief.", "some Json", []),
        ("Answer in JSON.", "hello", ["system: Answer in JSON."]),
    ],
)
def test_json_mode_finds_its_word_in_the_input(system, asked, sent):
    """OpenAI refuses JSON mode otherwise, and does not look into `instructions`: the prompt moves, or one is added."""
    request = foreign(
        system=(Text(system),),
        messages=(Message("user", (Text(asked),)),),
        format=Format("json"),
    )
    body, _ = write(request)
    found = [f"{item['role']}: {item['content']}" for item in body["input"]]
    assert found == [*sent, f"user: {asked}"]
    assert body.get("instructions") == (None if system in str(sent) else system)


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4o-mini", "gpt-5-chat-latest", "my-deployment"])
def test_a_model_that_encrypts_nothing_is_not_asked_to(model):
    assert "include" not in write(foreign(), model)[0]


def test_a_prompt_that_is_more_than_text_is_a_message():
    picture = Image(Media(url="https://a.example/i"))
    body, _ = write(foreign(system=(Text("a"), picture)))
    assert "instructions" not in body
    assert [item["role"] for item in body["input"]] == ["system", "user"]


def test_a_prompt_that_is_all_system_is_still_asked():
    body, _ = write(foreign(system=(Text("a"),), messages=()))
    assert body["input"] == [{"type": "message", "role": "system", "content": "a"}]
    with pytest.raises(InvalidRequest):
        write(foreign(messages=()))


def test_a_tool_loop_in_its_own_order():
    items, losses = _sent(
        Message("user", (Text("q"),)),
        Message("assistant", (Text("a"), ToolCall("c", "f", ""), Text("b"))),
        Message("user", (ToolResult("c", (Text("1"), Text("2")), is_error=True), Text("go on"))),
        Message("system", (Text("s"),)),
    )
    assert [item.get("role", item["type"]) for item in items] == [
        "user",
        "assistant",
        "function_call",
        "assistant",
        "function_call_output",
        "user",
        "system",
    ]
    assert (items[2]["arguments"], items[4]["output"]) == ("{}", "1\n2")
    assert losses == {"is_error"}


def test_results_hold_pictures_and_files():
    parts = (Text("a"), Image(Media("image/png", data="aW1n")), Document(Media(data="JVBE")))
    items, losses = _sent(
        Message("assistant", (ToolCall("c", "f", "{}"),)),
        Message("user", (ToolResult("c", parts),)),
    )
    kinds = [part["type"] for part in items[1]["output"]]
    assert (kinds, losses) == (["input_text", "input_image", "input_file"], set())
    assert items[1]["output"][1]["image_url"] == "data:image/png;base64,aW1n"
    assert items[1]["output"][2]["file_data"].startswith("data:application/pdf;base64,")


def test_a_long_id_gets_the_same_substitute_in_call_and_result():
    long = "x" * 65
    items, _ = _sent(
        Message("assistant", (ToolCall(long, "f", "{}"),)), Message("user", (ToolResult(long, ()),))
    )
    assert items[0]["call_id"] == items[1]["call_id"] != long
    assert len(items[0]["call_id"]) <= 64


LOST = [
    (Audio(Media(url="u")), "audio_url"),
    (Image(Media(file_id="f")), "image_file_id"),
    (Document(Media(file_id="f")), "document_file_id"),
    (Document(text="t", citations=True), "citations"),
    (Video(Media(url="u")), "video"),
    (Opaque("messages", "container_upload", {}), "container_upload"),
]


@pytest.mark.parametrize(("part", "name"), LOST, ids=[name for _, name in LOST])
def test_what_has_no_form_is_named(part, name):
    assert _sent(Message("user", (Text("a"), part)))[1] == {name}


def test_what_an_assistant_cannot_have_said_is_named():
    parts = (
        Text("a", citations=(Citation(url="u"),)),
        Refusal("no"),
        Image(Media(url="u")),
        Thinking("hm", "sig", origin="messages"),
        ToolCall("c", "f", "{}", signature="s"),
    )
    items, losses = _sent(Message("assistant", parts))
    assert losses == {"assistant_image", "thinking_history", "signature"}
    assert [part["type"] for part in items[0]["content"]] == ["output_text", "refusal"]


def test_files_of_the_same_vendor_keep_their_ids():
    picture = Message("user", (Text("a"), Image(Media(file_id="f"))))
    items, losses = _sent(picture, dialect="chat")
    assert (items[0]["content"][1]["file_id"], losses) == ("f", set())


def test_a_text_document_is_text_and_cache_marks_are_openais_own_affair():
    document = Document(text="body", title="T", cache=CacheMark("1h"))
    items, losses = _sent(Message("user", (document,)))
    assert items[0]["content"] == [{"type": "input_text", "text": "T\n\nbody"}]
    assert losses == set()


def test_a_function_says_that_it_is_not_strict():
    """Without a word it would be: unlike in every other dialect."""
    tools = (TOOL, Tool("g", strict=True), Tool("p", custom=True), Tool("w", builtin={}))
    body, losses = write(foreign(tools=tools, parallel_tools=False))
    assert [tool.get("strict") for tool in body["tools"]] == [False, True, None]
    assert body["tools"][1]["parameters"] == {"type": "object", "properties": {}}
    assert body["parallel_tool_calls"] is False
    assert losses == {"tools.builtin"}


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (ToolChoice("none"), "none"),
        (ToolChoice("named", ("f",)), {"type": "function", "name": "f"}),
        (ToolChoice("required", ("p",)), {"type": "custom", "name": "p"}),
        (
            ToolChoice("auto", ("f", "p")),
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "p"}],
            },
        ),
        (ToolChoice("auto", origin="messages", raw={"type": "x"}), None),
    ],
    ids=str,
)
def test_a_choice_of_tools(choice, sent):
    body, losses = write(foreign(tools=(TOOL, Tool("p", custom=True)), tool_choice=choice))
    assert body.get("tool_choice") == sent
    assert losses == ({"tool_choice"} if sent is None else set())
    assert "tool_choice" not in write(foreign(tool_choice=choice))[0]


def test_a_small_bound_is_raised_to_the_least():
    assert write(foreign(max_tokens=1))[0]["max_output_tokens"] == 16
    assert write(foreign(max_tokens=1))[1] == {"max_tokens"}
    assert write(read(max_output_tokens=1))[0]["max_output_tokens"] == 1


def test_only_what_makes_a_difference_is_a_loss():
    silent = {
        "n": 1,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
        "logit_bias": {},
        "modalities": ("text",),
        "logprobs": False,
    }
    assert write(foreign(**silent))[1] == set()
    lost = {
        "n": 2,
        "stop": ("x",),
        "top_k": 3,
        "seed": 0,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.1,
        "logit_bias": {"1": 1},
        "modalities": ("audio",),
        "previous_response_id": "r",
        "metadata": {"a": "b"},
        "service_tier": "batch",
        "user": "u" * 65,
    }
    assert write(foreign(**lost, extra={"container": 1}))[1] == {*lost, "container"}


def test_what_chat_completions_has_under_the_same_name_stays():
    extra = {"verbosity": "low", "prompt_cache_key": "k", "store": False, "prediction": {}}
    body, losses = write(foreign(dialect="chat", extra=extra, metadata={"a": "b"}, user="u"))
    assert (body["text"], body["prompt_cache_key"]) == ({"verbosity": "low"}, "k")
    assert (body["metadata"], body["user"], body["store"]) == ({"a": "b"}, "u", False)
    assert losses == {"prediction"}
    assert write(foreign(dialect="chat", extra={"store": True}))[1] == {"store"}


def test_formats_and_log_probabilities():
    form = Format("json_schema", {"type": "object"}, None, None, None)
    body, _ = write(foreign(format=form, logprobs=True, top_logprobs=2), "gpt-4.1")
    schema = {"type": "json_schema", "name": "response", "schema": {"type": "object"}}
    assert body["text"] == {"format": {**schema, "strict": False}}
    assert (body["include"], body["top_logprobs"]) == (["message.output_text.logprobs"], 2)
    assert write(foreign(format=Format("json")))[0]["text"] == {"format": {"type": "json_object"}}


CLOSED = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        ({**CLOSED, "properties": {"a": {"items": CLOSED}}, "required": ["a"]}, True),
        ({**CLOSED, "properties": {"allOf": {"type": "null"}}, "required": ["allOf"]}, True),
        (OPEN, False),
        ({**CLOSED, "properties": {"a": {}}}, False),
        ({**CLOSED, "properties": {"a": {"anyOf": [OPEN]}}, "required": ["a"]}, False),
        ({**CLOSED, "$defs": {"a": {"oneOf": []}}}, False),
        ({"type": "array", "items": CLOSED}, False),
        ({**CLOSED, "anyOf": []}, False),
        (7, False),
    ],
    ids=str,
)
def test_a_model_is_held_to_the_schema_wherever_openai_can(schema, strict):
    """As Anthropic and Gemini do with any; Chat Completions has to be told."""
    form = Format("json_schema", schema, "n")
    body, losses = write(foreign(format=form, dialect="gemini"))
    assert body["text"]["format"]["strict"] is strict
    assert losses == (set() if strict else {"format.strict"})
    assert write(foreign(format=form, dialect="chat"))[0]["text"]["format"]["strict"] is False


def test_json_mode_is_named_in_the_input_because_openai_looks_for_the_word():
    for dialect, said in (("gemini", 2), ("chat", 1)):
        body, _ = write(foreign(dialect=dialect, format=Format("json")))
        assert len(body["input"]) == said
    asked = (Message("user", (Text("as Json, please"),)),)
    assert len(write(foreign(format=Format("json"), messages=asked))[0]["input"]) == 1


THINKS = [
    ("gpt-4.1", Reasoning(effort="high"), None, True),
    ("gpt-4.1", Reasoning(off=True), None, False),
    ("o4-mini", Reasoning(effort="minimal"), "low", False),
    ("o4-mini", Reasoning(effort="xhigh"), "high", True),
    ("o3", Reasoning(off=True), "low", True),
    ("gpt-5", Reasoning(off=True), "minimal", True),
    ("gpt-5-mini", Reasoning(effort="minimal"), "minimal", False),
    ("gpt-5-pro", Reasoning(effort="low"), "high", True),
    ("gpt-5.1", Reasoning(effort="minimal"), "low", False),
    ("gpt-5.1", Reasoning(off=True), "none", False),
    ("gpt-5.2", Reasoning(effort="max"), "xhigh", False),
    ("gpt-5.6-sol", Reasoning(effort="max"), "max", False),
    ("gpt-6", Reasoning(off=True), "low", True),
    ("grok-4-0709", Reasoning(effort="low"), None, True),
    ("anything-else", Reasoning(effort="max"), "max", False),
    ("gpt-5.2", Reasoning(budget_tokens=1024), "low", False),
    ("gpt-5.2", Reasoning(budget_tokens=8000), "medium", False),
    ("gpt-5.2", Reasoning(budget_tokens=32000), "high", False),
    ("gpt-5.2", Reasoning(adaptive=True), None, False),
]


@pytest.mark.parametrize(("model", "wish", "effort", "lost"), THINKS, ids=str)
def test_an_effort_is_said_as_the_model_understands_it(model, wish, effort, lost):
    body, losses = write(foreign(reasoning=wish, dialect="chat"), model)
    assert body.get("reasoning", {}).get("effort") == effort
    assert losses == ({"reasoning"} if lost else set())


def test_thoughts_are_asked_for_where_the_caller_wants_to_see_them():
    def summary(**members):
        return write(foreign(**members))[0].get("reasoning", {}).get("summary")

    assert summary(reasoning=Reasoning(budget_tokens=2000)) == "auto"
    assert summary(reasoning=Reasoning(budget_tokens=2000, show=False)) is None
    assert summary(reasoning=Reasoning(effort="low"), dialect="chat") is None
    assert summary(reasoning=Reasoning(show=True), dialect="gemini") == "auto"
    assert summary() is None


@pytest.mark.parametrize(
    ("model", "wish", "kept"),
    [
        ("gpt-4.1", None, True),
        ("o4-mini", None, False),
        ("gpt-5", Reasoning(effort="low"), False),
        ("gpt-5.2", None, True),
        ("gpt-5.2", Reasoning(effort="low"), False),
        ("gpt-5.2", Reasoning(off=True), True),
        ("gpt-6", None, False),
        ("anything-else", Reasoning(effort="low"), True),
    ],
)
def test_samplers_are_left_out_where_they_would_be_refused(model, wish, kept):
    asked = {"temperature": 0.3, "top_p": 1.0, "reasoning": wish, "dialect": "chat"}
    body, losses = write(foreign(**asked), model)
    assert (body.get("temperature"), body["top_p"]) == (0.3 if kept else None, 1.0)
    assert losses == (set() if kept else {"temperature"})


@pytest.mark.parametrize(
    ("name", "same_as"),
    [
        ("openai/gpt-5.2-2025-12-11", "gpt-5.2"),
        ("openai.gpt-5.6-luna", "gpt-5.9"),
        ("azure/o4-mini-2025-04-16", "o1"),
        ("gpt-5-nano", "gpt-5"),
        ("gpt-5.1-codex-mini", "o3"),
        ("gpt-4o-2024-08-06", "gpt-3.5-turbo"),
    ],
)
def test_a_generation_is_found_in_every_spelling(name, same_as):
    assert generation_of(name) is generation_of(same_as) is not PERMISSIVE


@pytest.mark.parametrize("name", ["", "gpt-oss-120b", "turbo2", "deepseek-v4", "co1", "llama-4"])
def test_an_unknown_name_is_denied_nothing(name):
    assert generation_of(name) is PERMISSIVE
