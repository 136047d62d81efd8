"""Webhooks: one POST of JSON, signed as Standard Webhooks says, or in the shape that Slack takes.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the
signature is HMAC-SHA256 over `id.timestamp.body`. Redirects are not followed, and proxies not used:
an address that was judged is the one that is reached.
"""

import hashlib
import hmac
import http.client
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from madang import __version__
from madang.config.sections.alerts import SECRET_PREFIX, Channel
from madang.watch.channels.address import CONNECT_S, Undeliverable, dial
from madang.watch.channels.message import Message

MAX_BODY_BYTES: Final = 64 * 1024
_MAX_ANSWER_BYTES: Final = 4096
_SLACK_CHARS: Final = 3000
_MAY_PASS: Final = frozenset((408, 409, 425, 429))
"""Refusals that may not be repeated later."""

Secure = Callable[[], ssl.SSLContext]


def post(channel: Channel, message: Message, now_s: float, secure: Secure) -> None:
    """Deliver to a webhook or to Slack. `secure` gives the TLS settings. Raises Undeliverable."""
    if channel.webhook is not None:
        body = _body(message)
        headers = signed(channel.secret or "", message.id, int(now_s), body)
        _send(channel.webhook, body, headers, secure, allow_private=channel.allow_private)
    else:
        body = _slack_body(message)
        _send(channel.slack or "", body, {}, secure, allow_private=channel.allow_private)


def signed(secret: str, id_: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks for a body."""
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    content = b"%b.%d.%b" % (id_.encode(), at_s, body)
    signature = b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{signature}",
    }


def _body(message: Message) -> bytes:
    content = {
        "type": message.type,
        "timestamp": message.at,
        "data": {"title": message.title, "text": message.text, **message.data},
    }
    body = msgspec.json.encode(content)
    if len(body) <= MAX_BODY_BYTES:
        return body
    return msgspec.json.encode(
        {
            **content,
            "data": {"title": message.title[:1000], "text": message.text[:8000], "cut": True},
        }
    )


def _slack_body(message: Message) -> bytes:
    text = f"*{_escaped(message.title)}*\n{_escaped(message.text)}"
    return msgspec.json.encode({"text": text[:_SLACK_CHARS]})


def _escaped(text: str) -> str:
    """What Slack reads as text: https://docs.slack.dev/messaging/formatting-message-text#escaping."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _send(
    url: str,
    body: bytes,
    headers: dict[str, str],
    secure: Secure,
    *,
    allow_private: bool,
) -> None:
    parts = urlsplit(url)
    connection = _connection(parts, allow_private=allow_private, secure=secure)
    given = {
        "content-type": "application/json",
        "user-agent": f"madang/{__version__}",
        "connection": "close",
        **headers,
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, given)
        answer = connection.getresponse()
        answer.read(_MAX_ANSWER_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise Undeliverable(f"{parts.hostname} failed: {type(error).__name__}") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        final = 300 <= answer.status < 500 and answer.status not in _MAY_PASS
        raise Undeliverable(f"{parts.hostname} answered {answer.status}", final=final)


def _connection(
    parts: SplitResult, *, allow_private: bool, secure: Secure
) -> http.client.HTTPConnection:
    """A connection that is open already, to an address that was judged. Raises Undeliverable."""
    host = parts.hostname or ""
    encrypted = parts.scheme == "https"
    port = parts.port or (443 if encrypted else 80)
    connection = http.client.HTTPConnection(host, port, timeout=CONNECT_S)
    raw = dial(host, port, CONNECT_S, allow_private=allow_private)
    try:
        connection.sock = secure().wrap_socket(raw, server_hostname=host) if encrypted else raw
    except OSError as error:
        raw.close()
        raise Undeliverable(f"TLS with {host} failed: {type(error).__name__}") from error
    return connection
