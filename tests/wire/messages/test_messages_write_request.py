"""Requests of other dialects, written for Claude: accepted there, with every distortion declared."""

import base64

import pytest
from messages_traffic import read, write

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
    Refusal,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)
from stand.asking import foreign

LOOKUP = Tool("lookup", schema={"type": "object"})


def _user(*parts):
    return (Message("user", parts),)


def _blocks(*parts):
    body, losses = write(foreign(messages=_user(Text("see"), *parts)))
    return body["messages"][0]["content"][1:], losses


def test_a_bound_on_the_answer_is_always_sent():
    assert write(foreign())[0]["max_tokens"] == 4096
    assert write(foreign(max_tokens=5))[0]["max_tokens"] == 5


def test_what_has_no_word_here_is_declared_where_it_mattered():
    said = {
        "n": 2,
        "seed": 1,
        "logprobs": True,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.5,
        "logit_bias": {"5": 1},
        "metadata": {"a": "b"},
        "previous_response_id": "resp_1",
        "modalities": ("text", "audio"),
        "service_tier": "flex",
        "user": "u" * 257,
    }
    assert write(foreign(**said))[1] == said.keys()


def test_what_says_the_default_is_no_loss():
    unsaid = {"n": 1, "frequency_penalty": 0.0, "logprobs": False, "modalities": ("text",)}
    assert write(foreign(**unsaid, service_tier="auto", temperature=1.0))[1] == set()


def test_unknown_fields_of_another_dialect_are_declared_by_names_fit_for_a_header():
    losses = write(foreign(extra={"store": True, "x\r\nset-cookie: a": 1, "": 2}))[1]
    assert losses == {"store", "x_set-cookie_a", "unnamed"}


def test_temperature_is_brought_into_range():
    body, losses = write(foreign(temperature=1.7, top_k=3))
    assert (body["temperature"], body["top_k"], losses) == (1.0, 3, {"temperature"})


def test_newer_models_take_one_of_temperature_and_top_p():
    asked = foreign(temperature=0.2, top_p=0.9)
    body, losses = write(asked, "claude-haiku-4-5")
    assert ("top_p" in body, losses) == (False, {"top_p"})
    body, losses = write(asked, "claude-sonnet-4-0")
    assert (body["top_p"], losses) == (0.9, set())


def test_models_without_samplers_get_none():
    body, losses = write(foreign(temperature=0.2, top_p=1.0, top_k=5), "claude-opus-4-8")
    assert not body.keys() & {"temperature", "top_p", "top_k"}
    assert losses == {"temperature", "top_k"}


def test_a_tool_schema_always_says_that_it_is_an_object():
    schemas = [None, {}, {"properties": {"a": {}}}, {"anyOf": [{}]}, "nonsense"]
    tools = tuple(Tool(f"t{i}", schema=schema) for i, schema in enumerate(schemas))
    body, _ = write(foreign(tools=tools))
    assert [tool["input_schema"]["type"] for tool in body["tools"]] == ["object"] * 5


def test_a_choice_among_some_tools_offers_only_those():
    tools = (LOOKUP, Tool("other"))
    choice = ToolChoice("required", names=("other",))
    body, losses = write(foreign(tools=tools, tool_choice=choice))
    assert [tool["name"] for tool in body["tools"]] == ["other"]
    assert (body["tool_choice"], losses) == ({"type": "any"}, set())


def test_one_call_at_a_time_is_part_of_the_choice():
    body, _ = write(foreign(tools=(LOOKUP,), parallel_tools=False))
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert "tool_choice" not in write(foreign(parallel_tools=False))[0]
    assert "tool_choice" not in write(foreign(tools=(LOOKUP,), parallel_tools=True))[0]


def test_models_that_cannot_be_forced_choose_for_themselves():
    asked = foreign(tools=(LOOKUP,), tool_choice=ToolChoice("named", names=("lookup",)))
    body, losses = write(asked, "claude-opus-5-5")
    assert (body["tool_choice"], losses) == ({"type": "auto"}, {"tool_choice"})


def test_tools_of_other_providers_are_declared_lost():
    theirs = Tool("web_search", origin="responses", builtin={"type": "web_search"})
    body, losses = write(foreign(tools=(theirs,), tool_choice=ToolChoice("auto")))
    assert (body.keys() & {"tools", "tool_choice"}, losses) == (set(), {"tools.builtin"})


def test_strict_tools_are_asked_for_where_they_exist():
    tools = (Tool("a", strict=True), Tool("b", strict=False))
    body, losses = write(foreign(tools=tools))
    assert [tool.get("strict") for tool in body["tools"]] == [True, None]
    assert losses == set()
    body, losses = write(foreign(tools=tools), "claude-sonnet-4-0")
    assert [tool.get("strict") for tool in body["tools"]] == [None, None]
    assert losses == {"tools.strict"}


def test_a_custom_tool_takes_its_text_in_one_property():
    body, losses = write(foreign(tools=(Tool("patch", custom=True),)))
    assert body["tools"][0]["input_schema"]["required"] == ["input"]
    assert losses == {"tools.custom"}


def test_a_schema_for_the_answer_is_kept_or_put_into_words():
    asked = foreign(format=Format("json_schema", schema={"type": "object"}, name="x"))
    body, losses = write(asked)
    assert body["output_config"]["format"] == {"type": "json_schema", "schema": {"type": "object"}}
    assert losses == set()
    body, losses = write(asked, "claude-3-5-haiku-latest")
    assert '{"type":"object"}' in body["system"]
    assert losses == {"format.json_schema"}


def test_any_json_is_asked_for_in_words():
    body, losses = write(foreign(format=Format("json"), system=(Text("Be brief."),)))
    assert body["system"][0]["text"] == "Be brief."
    assert "JSON object" in body["system"][1]["text"]
    assert losses == {"format.json_object"}


def test_pictures_and_files_are_sent_by_value_or_by_address():
    blocks, losses = _blocks(
        Image(Media(data="/9j/4AAQ")),
        Image(Media(mime="image/jpg", data="AAAA")),
        Image(Media(url="https://example.com/a.png"), detail="auto"),
        Document(Media(data="JVBERi0="), title="T", cache=CacheMark("5m")),
        Document(Media(mime="text/csv", data=base64.b64encode(b"a,b").decode())),
    )
    assert [block["source"].get("media_type") for block in blocks] == [
        "image/jpeg",
        "image/jpeg",
        None,
        "application/pdf",
        "text/plain",
    ]
    assert blocks[3]["cache_control"] == {"type": "ephemeral", "ttl": "5m"}
    assert blocks[4]["source"]["data"] == "a,b"
    assert losses == set()


@pytest.mark.parametrize("data", ["\u00e4", "*", "/w=="])
def test_a_text_that_is_no_base64_of_one_is_not_sent_as_text(data):
    blocks, _ = _blocks(Document(Media(mime="text/plain", data=data)))
    assert all(block.get("source", {}).get("type") != "text" for block in blocks)


def test_what_claude_cannot_see_or_hear_is_declared():
    clip = Media(mime="audio/wav", data="AAAA")
    blocks, losses = _blocks(
        Audio(clip, transcript="hello"),
        Audio(clip),
        Video(Media(url="https://example.com/v.mp4")),
        Image(Media(file_id="file-openai")),
        Image(Media(url="gs://bucket/a.png"), detail="low"),
        Opaque("responses", "web_search_call", {"type": "web_search_call"}),
    )
    assert blocks == [{"type": "text", "text": "hello"}]
    assert losses == {"audio", "video", "file_id", "url", "image_detail", "web_search_call"}


def test_only_anthropics_own_thinking_goes_back_to_it():
    ours = Thinking("a", "c2ln", origin="messages")
    others = Thinking("b", "x", origin="gemini"), Thinking("c"), Thinking("", "y", redacted=True)
    turns = (*_user(Text("q")), Message("assistant", (ours, *others, Text("t"))))
    body, losses = write(foreign(messages=turns))
    kinds = [block["type"] for block in body["messages"][1]["content"]]
    assert (kinds, losses) == (["thinking", "text"], {"thinking_history"})


@pytest.mark.parametrize(
    ("arguments", "custom", "written", "exact"),
    [
        ('{"a": 1}', False, {"a": 1}, True),
        ("", False, {}, True),
        (" null ", False, {}, True),
        ("{broken", False, {"_raw": "{broken"}, False),
        ("[1]", False, {"_raw": "[1]"}, False),
        ("*** patch", True, {"input": "*** patch"}, False),
    ],
)
def test_tool_arguments_become_an_object(arguments, custom, written, exact):
    call = ToolCall("call_1", "lookup", arguments, custom=custom)
    body, losses = write(foreign(messages=(*_user(Text("q")), Message("assistant", (call,)))))
    assert body["messages"][1]["content"][0]["input"] == written
    assert losses == (set() if exact else {"tool_arguments"})


def test_refusals_and_foreign_citations_become_plain_text():
    cited = Text("t", citations=(Citation(url="https://example.com"),), signature="gemini's")
    turns = (*_user(Text("q")), Message("assistant", (Refusal("no"), cited)))
    body, losses = write(foreign(messages=turns))
    assert body["messages"][1]["content"] == [
        {"type": "text", "text": "no"},
        {"type": "text", "text": "t"},
    ]
    assert losses == {"citations", "signature"}


def test_a_result_is_a_string_or_a_list_of_blocks():
    picture = Image(Media(url="https://example.com/a.png"))
    results = (
        ToolResult("a", (Text("fine"),)),
        ToolResult("b", (Text("see"), picture), is_error=True),
        ToolResult("c", ()),
    )
    (turn,) = write(foreign(messages=_user(*results)))[0]["messages"]
    plain, mixed, empty = turn["content"]
    assert plain["content"] == "fine"
    assert [block["type"] for block in mixed["content"]] == ["text", "image"]
    assert (mixed["is_error"], "content" in empty) == (True, False)


def test_a_prompt_that_is_all_system_becomes_the_users_turn():
    body, losses = write(foreign(messages=(), system=(Text("Say hi."),)))
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Say hi."}]}]
    assert losses == {"system_position"}


def test_nothing_to_send_is_refused():
    with pytest.raises(InvalidRequest):
        write(foreign(messages=_user(Text("  "))))


def test_an_unknown_field_cannot_displace_what_was_read():
    """A caller's dotted name is a name, unless it is one that the reader itself gives."""
    request = read(**{"model.x": 1, "messages.0": "y", "tools.strict": 3})
    body, _ = write(request)
    assert body["model"] == "claude-sonnet-4-6"
    assert body["messages"][0]["role"] == "user"
