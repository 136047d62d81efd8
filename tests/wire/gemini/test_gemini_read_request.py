"""What callers say, in all the spellings that Google's JSON takes."""

import json

import pytest

from madang.errors import InvalidRequest
from madang.model import (
    Audio,
    Document,
    Image,
    Media,
    Opaque,
    Reasoning,
    Request,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)
from madang.wire.gemini import WIRE, read_count_request


def read(body: object, **path: object) -> Request:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WIRE.read_request(data, path.get("model", "gemini-2.5-flash"), path.get("stream", False))


def parts_of(*parts: object) -> tuple[object, ...]:
    return read({"contents": [{"role": "user", "parts": list(parts)}]}).messages[0].parts


def test_model_and_stream_come_from_the_path():
    request = read({"contents": "hi"}, model="models/gemini-3-pro", stream=True)
    assert (request.model, request.stream, request.include_usage) == ("gemini-3-pro", True, True)


@pytest.mark.parametrize(
    "contents",
    [
        "hi",
        ["hi"],
        {"parts": [{"text": "hi"}]},
        {"role": "user", "parts": {"text": "hi"}},
        [{"role": "user", "parts": "hi"}],
        [{"role": "user", "parts": ["hi"]}],
    ],
)
def test_contents_may_be_short(contents):
    request = read({"contents": contents})
    assert [(one.role, one.parts) for one in request.messages] == [("user", (Text("hi"),))]


def test_both_spellings_mean_the_same():
    camel = {
        "contents": "hi",
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "generationConfig": {
            "maxOutputTokens": 9,
            "topP": 0.5,
            "topK": 40.0,
            "stopSequences": ["x"],
            "candidateCount": 2,
            "responseLogprobs": True,
            "logprobs": 3,
            "thinkingConfig": {"thinkingBudget": 512, "includeThoughts": True},
        },
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "safetySettings": [{"category": "C", "threshold": "BLOCK_NONE"}],
    }
    snake = {
        "contents": "hi",
        "system_instruction": "Be kind.",
        "generation_config": {
            "max_output_tokens": 9,
            "top_p": 0.5,
            "top_k": 40,
            "stop_sequences": ["x"],
            "candidate_count": 2,
            "response_logprobs": True,
            "logprobs": 3,
            "thinking_config": {"thinking_budget": 512, "include_thoughts": True},
        },
        "tool_config": {
            "function_calling_config": {"mode": "any", "allowed_function_names": ["f"]}
        },
        "safety_settings": [{"category": "C", "threshold": "BLOCK_NONE"}],
    }
    assert read(camel) == read(snake)
    request = read(snake)
    assert (request.max_tokens, request.top_k, request.n, request.top_logprobs) == (9, 40, 2, 3)
    assert request.system == (Text("Be kind."),)
    assert request.tool_choice == ToolChoice("named", ("f",))
    assert request.reasoning == Reasoning(budget_tokens=512, show=True)
    assert request.extra == {"safetySettings": [{"category": "C", "threshold": "BLOCK_NONE"}]}


def test_names_inside_values_are_the_callers_own():
    """`snake_case` arguments, properties and labels are not touched."""
    call = {"functionCall": {"name": "f", "args": {"the_city": {"zip_code": 1}}}}
    request = read(
        {
            "contents": [{"role": "model", "parts": [call]}],
            "tools": [
                {
                    "function_declarations": [
                        {
                            "name": "f",
                            "parameters": {"properties": {"the_city": {"type": "STRING"}}},
                        }
                    ]
                }
            ],
            "labels": {"cost_center": "a"},
        }
    )
    assert json.loads(request.messages[0].parts[0].arguments) == {"the_city": {"zip_code": 1}}
    assert request.tools[0].schema == {"properties": {"the_city": {"type": "string"}}}
    assert request.extra == {"labels": {"cost_center": "a"}}


def test_media_is_told_by_its_type():
    def inline(mime: str) -> dict[str, object]:
        return {"inlineData": {"mimeType": mime, "data": "QUJD"}}

    assert parts_of(
        inline("image/png"), inline("audio/mp3"), inline("video/mp4"), inline("application/pdf")
    ) == (
        Image(Media("image/png", data="QUJD")),
        Audio(Media("audio/mp3", data="QUJD")),
        Video(Media("video/mp4", data="QUJD")),
        Document(Media("application/pdf", data="QUJD")),
    )
    uri = "https://generativelanguage.googleapis.com/v1beta/files/x"
    assert parts_of({"file_data": {"file_uri": uri, "mime_type": "image/png"}}) == (
        Image(Media("image/png", url=uri)),
    )


def test_urlsafe_base64_becomes_standard():
    (image,) = parts_of({"inline_data": {"mime_type": "image/png", "data": "_-8"}})
    assert image.media.data == "/+8="


def test_signatures_stay_on_every_kind_of_part():
    read_parts = parts_of(
        {"text": "a", "thoughtSignature": "1"},
        {"text": "b", "thought": True, "thought_signature": "2"},
        {"functionCall": {"name": "f"}, "thoughtSignature": "3"},
        {"inlineData": {"mimeType": "image/png", "data": "QUJD"}, "thoughtSignature": "4"},
        {"inlineData": {"mimeType": "audio/wav", "data": "QUJD"}, "thoughtSignature": "5"},
    )
    assert read_parts[:3] == (
        Text("a", signature="1"),
        Thinking("b", signature="2", origin="gemini"),
        ToolCall("gcall_0", "f", "{}", signature="3"),
    )
    assert [getattr(part, "signature", None) for part in read_parts[3:]] == ["4", None, "5"]


def test_server_side_parts_stay_as_they_are():
    code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "s"}
    assert parts_of(code, {"somethingNew": 1}) == (
        Opaque("gemini", "executableCode", code),
        Opaque("gemini", "somethingNew", {"somethingNew": 1}),
    )


def test_results_find_their_calls_by_id_then_by_name_in_order():
    def call(name: str, **more: str) -> dict[str, object]:
        return {"functionCall": {"name": name, **more}}

    def result(name: str, said: str, **more: str) -> dict[str, object]:
        return {"functionResponse": {"name": name, "response": {"result": said}, **more}}

    request = read(
        {
            "contents": [
                {"role": "model", "parts": [call("f"), call("g", id="own"), call("f"), call("h")]},
                {
                    "role": "function",
                    "parts": [result("f", "1"), result("g", "2", id="own"), result("f", "3")],
                },
                {"role": "user", "parts": [result("g", "4")]},
            ]
        }
    )
    calls = [part.id for part in request.messages[0].parts]
    assert calls == ["gcall_0", "own", "gcall_2", "gcall_3"]
    assert [part.id for part in request.messages[1].parts] == ["gcall_0", "own", "gcall_2"]
    assert request.messages[2].parts[0].id == "gcall_4", "no call of that name is waiting"


def test_a_result_that_stands_there_twice_is_read_once():
    """As Gemini CLI sends it when it resumes a session; every other provider would refuse it."""
    call = {"functionCall": {"name": "f", "id": "own"}}
    results = [
        {"functionResponse": {"name": "f", "id": "own", "response": {"result": said}}}
        for said in ("1", "1", "2")
    ]
    request = read(
        {"contents": [{"role": "model", "parts": [call]}, {"role": "user", "parts": results}]}
    )
    assert [part.parts[0].text for part in request.messages[1].parts] == ["1", "2"]


@pytest.mark.parametrize(
    ("response", "text", "is_error"),
    [
        ({"result": "fine"}, "fine", False),
        ({"error": "no such city"}, "no such city", True),
        ({"error": {"code": 5}}, '{"error":{"code":5}}', True),
        ({"output": "fine"}, '{"output":"fine"}', False),
        ({"temp": 21, "unit": "C"}, '{"temp":21,"unit":"C"}', False),
        ({"result": '{"a":1}'}, '{"result":"{\\"a\\":1}"}', False),
        ({}, "{}", False),
    ],
)
def test_a_result_becomes_text(response, text, is_error):
    (result,) = parts_of({"functionResponse": {"name": "f", "response": response}})
    assert result == ToolResult("gcall_0", (Text(text),), name="f", is_error=is_error)


def test_media_inside_a_result_is_kept():
    picture = {"inlineData": {"mimeType": "image/png", "data": "QUJD"}}
    (result,) = parts_of({"functionResponse": {"name": "f", "parts": [picture]}})
    assert result.parts == (Image(Media("image/png", data="QUJD")),)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "contents"),
        ({"contents": []}, "contents"),
        ({"contents": [{"parts": [{"text": ""}]}]}, "contents"),
        ({"contents": 5}, "contents"),
        ({"contents": [5]}, "contents[0]"),
        ({"contents": [{"role": "assistant", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"parts": [{"text": 5}]}]}, "contents[0].parts[0].text"),
        ({"contents": [{"parts": [5]}]}, "contents[0].parts[0]"),
        (
            {"contents": [{"parts": [{"inlineData": {"data": 5}}]}]},
            "contents[0].parts[0].inlineData.data",
        ),
        (
            {"contents": [{"parts": [{"functionCall": {"args": {}}}]}]},
            "contents[0].parts[0].functionCall.name",
        ),
        (
            {"contents": [{"parts": [{"functionCall": {"name": "f", "args": "x"}}]}]},
            "contents[0].parts[0].functionCall.args",
        ),
        ({"contents": "hi", "tools": [5]}, "tools[0]"),
        (
            {"contents": "hi", "tools": [{"functionDeclarations": [{}]}]},
            "tools[0].functionDeclarations[0].name",
        ),
        (
            {"contents": "hi", "generationConfig": {"temperature": "x"}},
            "generationConfig.temperature",
        ),
        (
            {"contents": "hi", "generationConfig": {"stopSequences": [1]}},
            "generationConfig.stopSequences[0]",
        ),
        (
            {"contents": "hi", "toolConfig": {"functionCallingConfig": {"mode": "SOME"}}},
            "toolConfig.functionCallingConfig.mode",
        ),
        ({"contents": "hi", "functionDeclarations.x": 1}, "functionDeclarations.x"),
    ],
)
def test_mistakes_are_named_by_their_place(body, param):
    with pytest.raises(InvalidRequest) as caught:
        read(body)
    assert caught.value.param == param


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"contents": "\xff"}', b"[" * 10_000])
def test_no_json_is_an_invalid_request(body):
    with pytest.raises(InvalidRequest):
        read(body)


def test_a_deep_schema_is_refused_and_not_a_crash():
    deep = b'{"items":' * 900 + b"{}" + b"}" * 900
    body = b'{"contents":"hi","tools":[{"functionDeclarations":[{"name":"f","parameters":%b}]}]}'
    with pytest.raises(InvalidRequest, match="too deeply"):
        read(body % deep)


@pytest.mark.parametrize(
    "body",
    [
        {"contents": "hi"},
        {"generateContentRequest": {"model": "models/m", "contents": "hi"}},
        {"generate_content_request": {"contents": [{"parts": [{"text": "hi"}]}]}},
    ],
)
def test_count_requests_are_bare_or_whole(body):
    request = read_count_request(json.dumps(body).encode(), "m")
    assert (request.model, request.messages[0].parts) == ("m", (Text("hi"),))
