"""Message content of a caller: a string, or a list of typed parts.

Source: https://platform.openai.com/docs/api-reference/chat/create, with the parts that compatible
providers add: `video_url` (OpenRouter, Qwen, vLLM), `document_url`, `thinking` and bare
`input_audio` strings (Mistral), `cache_control` (OpenRouter).
"""

import base64
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from madang.errors import InvalidRequest
from madang.model import (
    Audio,
    CacheMark,
    Document,
    Image,
    Json,
    Media,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    Video,
)
from madang.wire import json


def read_content(content: Json, where: str) -> list[Part]:
    """The parts of `content`; none for null and for an empty string. Raises InvalidRequest that names the place."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [Text(content)]
    if not isinstance(content, list):
        raise InvalidRequest(
            f"`{where}` must be a string or an array of parts.", param=where, code="invalid_type"
        )
    return [_read_part(part, f"{where}[{index}]") for index, part in enumerate(content)]


def cache_mark(part: dict[str, Any]) -> CacheMark | None:
    """`cache_control` of a part or tool."""
    control = part.get("cache_control")
    if not isinstance(control, dict):
        return None
    ttl = control.get("ttl")
    return CacheMark(ttl if isinstance(ttl, str) else None)


def media_from_url(url: str, mime: str | None = None) -> Media:
    """A URL as media; a data: URL as its bytes in base64."""
    if url[:5].lower() != "data:":
        return Media(mime=mime, url=url)
    head, _, data = url[5:].partition(",")
    kind, _, options = head.partition(";")
    if "base64" not in options:
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return Media(mime=kind or mime, data=data)


def thinking_text(value: Json) -> str:
    """Mistral's `thinking`: a string, or a list of text parts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    texts = (part.get("text") for part in value if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))


def _read_part(part: Json, where: str) -> Part:
    if isinstance(part, str):
        return Text(part)
    if not isinstance(part, dict):
        raise InvalidRequest(f"`{where}` must be an object.", param=where, code="invalid_type")
    kind = part.get("type")
    if kind is None and "text" in part:
        kind = "text"
    if not isinstance(kind, str):
        raise InvalidRequest(f"`{where}.type` is missing.", param=f"{where}.type")
    reader = _READERS.get(kind)
    return reader(part, where) if reader is not None else Opaque("chat", kind, part)


def _text(part: dict[str, Any], where: str) -> Part:
    return Text(json.field(part, "text", str, where) or "", cache=cache_mark(part))


def _image(part: dict[str, Any], where: str) -> Part:
    url, detail = _url(part, "image_url", where)
    return Image(media_from_url(url), detail=detail, cache=cache_mark(part))


def _video(part: dict[str, Any], where: str) -> Part:
    return Video(media_from_url(_url(part, "video_url", where)[0]))


def _document_url(part: dict[str, Any], where: str) -> Part:
    name = part.get("document_name")
    url, _ = _url(part, "document_url", where)
    return Document(media_from_url(url), title=name if isinstance(name, str) else None)


def _url(part: dict[str, Any], name: str, where: str) -> tuple[str, str | None]:
    """The URL in member `name` (a string, or an object with `url`) and its `detail`."""
    value = part.get(name)
    if isinstance(value, str):
        return value, None
    holder = json.field(part, name, dict, where) or {}
    path = f"{where}.{name}"
    url = json.field(holder, "url", str, path)
    if not url:
        raise InvalidRequest(f"`{path}.url` is missing.", param=f"{path}.url")
    return url, json.field(holder, "detail", str, path)


def _audio(part: dict[str, Any], where: str) -> Part:
    value = part.get("input_audio")
    if isinstance(value, str):
        return Audio(_bare_audio(value))
    path = f"{where}.input_audio"
    holder = json.field(part, "input_audio", dict, where) or {}
    data = json.field(holder, "data", str, path)
    if data is None:
        raise InvalidRequest(f"`{path}.data` is missing.", param=f"{path}.data")
    form = json.field(holder, "format", str, path)
    return Audio(Media(mime=f"audio/{form}" if form else None, data=data))


def _bare_audio(value: str) -> Media:
    if value[:5].lower() == "data:" or value.startswith(("http:", "https:")):
        return media_from_url(value)
    return Media(data=value)


def _file(part: dict[str, Any], where: str) -> Part:
    path = f"{where}.file"
    holder = json.field(part, "file", dict, where) or {}
    title = json.field(holder, "filename", str, path)
    data = json.field(holder, "file_data", str, path)
    file_id = json.field(holder, "file_id", str, path)
    if data:
        return Document(_file_media(data), title=title, cache=cache_mark(part))
    if file_id:
        return Document(Media(file_id=file_id), title=title, cache=cache_mark(part))
    raise InvalidRequest(f"`{path}` needs `file_data` or `file_id`.", param=path)


def _file_media(data: str) -> Media:
    """`file_data`: a data: URL, a URL (OpenRouter), or bare base64, whose first bytes tell a PDF."""
    if data[:5].lower() == "data:" or data.startswith(("http:", "https:")):
        return media_from_url(data)
    try:
        pdf = base64.b64decode(data[:8]).startswith(b"%PDF")
    except ValueError:  # no base64, or no ASCII at all
        pdf = False
    return Media(mime="application/pdf" if pdf else "application/octet-stream", data=data)


def _refusal(part: dict[str, Any], where: str) -> Part:
    return Refusal(json.field(part, "refusal", str, where) or "")


def _thinking(part: dict[str, Any], where: str) -> Part:
    del where
    return Thinking(thinking_text(part.get("thinking")), origin="chat")


_READERS: Final[dict[str, Callable[[dict[str, Any], str], Part]]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "image_url": _image,
    "input_image": _image,
    "video_url": _video,
    "document_url": _document_url,
    "input_audio": _audio,
    "file": _file,
    "refusal": _refusal,
    "thinking": _thinking,
}
