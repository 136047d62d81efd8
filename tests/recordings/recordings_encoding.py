"""Recorded requests as callers of Gemini and of Responses would have sent them.

The judge encodes for the two other dialects; these two encoders follow the same views, share no
code with the gateway, and are held to account by the judge's own comparison: what they cannot say
exactly is no case.
"""

import json
from typing import Any

from recordings_traffic import Recording

from stand.traffic import APIS, score

Json = dict[str, Any]

_UNSAYABLE = {
    "gemini": {"parallel", "extra", "thinking_history", "thinking_signatures", "model"},
    "responses": {
        *("stop", "seed", "n", "top_k", "logprobs", "parallel", "extra", "reasoning", "model"),
        *("thinking_history", "thinking_signatures"),
    },
}
_MIME = {
    "image": "image/png",
    "audio": "audio/wav",
    "file": "application/pdf",
    "video": "video/mp4",
}


class NotSayable(Exception):
    """The dialect has no words for it."""


def encoded_case(recording: Recording, client: str) -> Json | None:
    """Body, wanted view and fields not to compare, as `score.request_case` gives them; None: not sayable."""
    if not isinstance(recording.norm["request"]["body"], dict):
        return None
    want = score().request_view(
        recording.norm["api"], recording.norm["request"]["body"], recording.norm["request"]["path"]
    )
    try:
        body = {"gemini": _gemini, "responses": _responses}[client](want)
    except NotSayable:
        return None
    path = "models/x:streamGenerateContent" if want["stream"] else ""
    seen = score().request_view(APIS[client], body, path)
    ignore = _UNSAYABLE[client]
    if _has_thoughts(want) or want["reasoning"] == {"on": True}:  # nobody can say just that
        ignore = ignore | {"reasoning"}
    if any(d.severity == "must" for d in score().compare_requests(want, seen, ignore)):
        return None
    return {"body": body, "want": want, "ignore": ignore}


def _has_thoughts(view: Json) -> bool:
    """Whether thoughts were left out, without which a provider may not be asked to think on."""
    return any(part["k"] == "thinking" for message in view["messages"] for part in message["parts"])


def _plain_arguments(part: Json) -> Json:
    arguments = part["args"]
    if not isinstance(arguments, dict) or {"$raw", "$custom"} & arguments.keys():
        raise NotSayable
    return arguments


def _text_of(part: Json) -> str:
    """What a tool answered, as text."""
    if part.get("media") or any(inner["k"] != "text" for inner in part.get("parts") or []):
        raise NotSayable
    if "parts" in part:
        return "\n".join(inner["text"] for inner in part["parts"])
    response = part.get("response")
    return response if isinstance(response, str) else json.dumps(response)


def _checked(view: Json) -> None:
    if view["builtin_tools"] or any(message["role"] == "system" for message in view["messages"]):
        raise NotSayable


def _gemini(view: Json) -> Json:
    _checked(view)
    calls: Json = {}
    contents = [
        {
            "role": "model" if message["role"] == "assistant" else "user",
            "parts": [_gemini_part(part, calls) for part in message["parts"] if _is_said(part)],
        }
        for message in view["messages"]
    ]
    body: Json = {"contents": [turn for turn in contents if turn["parts"]]}
    if view["system"]:
        body["systemInstruction"] = {"parts": [{"text": view["system"]}]}
    if view["tools"]:
        body["tools"] = [{"functionDeclarations": [*map(_declaration, view["tools"].items())]}]
        body |= _gemini_choice(view["tool_choice"])
    names = {"max_tokens": "maxOutputTokens", "top_p": "topP", "top_k": "topK"}
    names |= {"temperature": "temperature", "stop": "stopSequences", "seed": "seed"}
    config = {name: view[field] for field, name in names.items() if view[field] is not None}
    if view["n"] > 1:
        config["candidateCount"] = view["n"]
    if view["logprobs"]:
        config["responseLogprobs"] = True
        config |= {} if view["logprobs"] is True else {"logprobs": view["logprobs"]}
    if view["format"]:
        config["responseMimeType"] = "application/json"
        if "_raw" in view["format"]:
            config["responseJsonSchema"] = view["format"]["_raw"]
    if view["reasoning"]:
        config["thinkingConfig"] = _thinking(view["reasoning"])
    return {**body, "generationConfig": config} if config else body


def _is_said(part: Json) -> bool:
    return part["k"] != "thinking" and not (part["k"] == "text" and not part["text"])


def _gemini_part(part: Json, calls: Json) -> Json:
    match part["k"]:
        case "text":
            return {"text": part["text"]}
        case "tool_call":
            calls[part["id"]] = part["name"]
            call = {"name": part["name"], "args": _plain_arguments(part)}
            return {"functionCall": {**call, **({"id": part["id"]} if part["id"] else {})}}
        case "tool_result":
            said = part.get("response") or {"result": _text_of(part)}
            if not isinstance(said, dict) or part.get("is_error") or part.get("media"):
                raise NotSayable
            response = {"name": part["name"] or calls.get(part["id"]), "response": said}
            return {"functionResponse": {**response, **({"id": part["id"]} if part["id"] else {})}}
        case "image" | "audio" | "file" | "video" as kind if part.get("_data") or part.get("url"):
            mime = part.get("mime") or _MIME[kind]
            if "_data" in part:
                return {"inlineData": {"mimeType": mime, "data": part["_data"]}}
            return {"fileData": {"mimeType": mime, "fileUri": part["url"]}}
    raise NotSayable


def _declaration(tool: tuple[str, Json]) -> Json:
    name, said = tool
    return {
        "name": name,
        "description": said["description"],
        "parametersJsonSchema": said["_raw"] or {"type": "object", "properties": {}},
    }


def _gemini_choice(choice: Any) -> Json:
    if choice is None:
        return {}
    modes = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
    if isinstance(choice, str):
        if choice not in modes:
            raise NotSayable
        config: Json = {"mode": modes[choice]}
    elif "name" in choice:
        config = {"mode": "ANY", "allowedFunctionNames": [choice["name"]]}
    else:
        raise NotSayable
    return {"toolConfig": {"functionCallingConfig": config}}


def _thinking(reasoning: Json) -> Json:
    if reasoning.get("off") or reasoning.get("effort") == "none":
        return {"thinkingBudget": 0}
    if reasoning.get("budget"):
        return {"thinkingBudget": reasoning["budget"]}
    return (
        {"thinkingLevel": reasoning["effort"].upper()}
        if "effort" in reasoning
        else {"thinkingBudget": -1}
    )


def _responses(view: Json) -> Json:
    _checked(view)
    items: list[Json] = []
    for message in view["messages"]:
        for part in filter(_is_said, message["parts"]):
            _add_item(items, message["role"], part)
    body: Json = {"input": items, "store": False}
    if view["system"]:
        body["instructions"] = view["system"]
    if view["tools"]:
        body["tools"] = [_function(name, tool) for name, tool in view["tools"].items()]
        body |= _responses_choice(view["tool_choice"])
    names = {"max_tokens": "max_output_tokens", "temperature": "temperature", "top_p": "top_p"}
    body |= {name: view[field] for field, name in names.items() if view[field] is not None}
    if view["format"]:
        form: Json = {"type": "json_object"}
        if "_raw" in view["format"]:
            form = {"type": "json_schema", "name": "answer", "schema": view["format"]["_raw"]}
        body["text"] = {"format": form}
    if view["reasoning"] and "effort" in view["reasoning"]:
        body["reasoning"] = {"effort": view["reasoning"]["effort"]}
    if view["parallel"] is not None:
        body["parallel_tool_calls"] = view["parallel"]
    return {**body, "stream": True} if view["stream"] else body


def _add_item(items: list[Json], role: str, part: Json) -> None:
    """Add a part: calls and results are items, all else is content of a message."""
    identity = part.get("id") or "call_x"
    if part["k"] == "tool_call":
        arguments = json.dumps(_plain_arguments(part))
        items.append(
            {
                "type": "function_call",
                "call_id": identity,
                "name": part["name"],
                "arguments": arguments,
            }
        )
    elif part["k"] == "tool_result":
        if part.get("is_error") or not part.get("id"):
            raise NotSayable
        items.append(
            {"type": "function_call_output", "call_id": identity, "output": _text_of(part)}
        )
    else:
        if not (items and items[-1].get("role") == role):
            items.append({"role": role, "content": []})
        items[-1]["content"].append(_content(part, said=role == "assistant"))


def _content(part: Json, *, said: bool) -> Json:
    data = f"data:{part.get('mime')};base64,{part['_data']}" if "_data" in part else None
    match part["k"]:
        case "text":
            return {"type": "output_text" if said else "input_text", "text": part["text"]}
        case "image" if data or part.get("url"):
            return {"type": "input_image", "image_url": data or part["url"]}
        case "file" if data:
            return {"type": "input_file", "filename": "file.pdf", "file_data": data}
    raise NotSayable


def _function(name: str, tool: Json) -> Json:
    return {
        "type": "function",
        "name": name,
        "description": tool["description"],
        "parameters": tool["_raw"],
        "strict": tool.get("_strict") or False,
    }


def _responses_choice(choice: Any) -> Json:
    if choice is None:
        return {}
    if isinstance(choice, str):
        if choice not in ("auto", "none", "required"):
            raise NotSayable
        return {"tool_choice": choice}
    if "name" not in choice:
        raise NotSayable
    return {"tool_choice": {"type": "function", "name": choice["name"]}}
