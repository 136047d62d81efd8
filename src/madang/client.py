"""A small client of a gateway's public API, for the command line and for programs beside it.

One rule: a key goes to the address it was given for and nowhere else. Redirects are refused,
proxies of the environment are not asked, and no message repeats a key. Built on the standard
library; blocking; one connection per call.
"""

import copy
import http.client
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from madang.errors import MadangError
from madang.wire.sse import EventDecoder, ServerEvent

__all__ = ["Gateway", "GatewayError", "Reply", "Stream"]

_MAX_BODY_BYTES = 64 * 1024 * 1024
_MAX_ERROR_BYTES = 64 * 1024
_PIECE_BYTES = 64 * 1024
_BROKEN = "The connection broke before the answer was complete."


class GatewayError(MadangError):
    """A gateway refused (`status` is what it answered), or gave no usable answer (`status` 0)."""

    def __init__(self, message: str, status: int = 0, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.status = status


class Reply(NamedTuple):
    """A whole answer. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the body holds
        """The body, decoded. Raises GatewayError."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise GatewayError(
                "The answer is not JSON: is this the address of a gateway?"
            ) from error


class Stream:
    """An answer that is still coming. Names of headers are in lower case."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.headers = _headers(response)
        self._response = response

    def events(self) -> Iterator[ServerEvent]:
        """The server-sent events, as they come. Raises GatewayError when the stream breaks."""
        decoder = EventDecoder()
        with _foreign_errors():
            while piece := self._response.read1(_PIECE_BYTES):
                yield from decoder.feed(piece)
        _check_complete(self._response)
        yield from decoder.close()


class Gateway:
    """One gateway, at an address such as `http://127.0.0.1:8080` or `https://host/prefix`.

    `timeout_s` bounds connecting, and every wait for more of an answer. Raises GatewayError for an
    address or a key that cannot be used.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout_s: float = 30.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._scheme, self._host, self._port, self._prefix = _address(url)
        if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
            raise GatewayError("The key holds characters that no key has.")
        self._key = key
        self._timeout_s = timeout_s
        self._ssl_context = ssl_context

    def patient(self, timeout_s: float) -> "Gateway":
        """The same gateway, for calls that may take longer."""
        other = copy.copy(self)
        other._timeout_s = timeout_s
        return other

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        """What a path holds. Raises GatewayError."""
        return self.call("GET", f"{path}?{urlencode(query)}" if query else path).json()

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request, with `body` as JSON unless it is None.

        Raises GatewayError, also for a status above 299.
        """
        with self._exchange(method, path, body, headers) as response:
            with _foreign_errors():
                data = response.read(_MAX_BODY_BYTES + 1)
            if len(data) > _MAX_BODY_BYTES:
                raise GatewayError(f"The answer is larger than {_MAX_BODY_BYTES >> 20} MiB.")
            _check_complete(response)
            return Reply(response.status, _headers(response), data)

    def pieces(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[bytes]:
        """What a path holds, however large, as it comes. Raises GatewayError, also when it breaks off."""
        path = f"{path}?{urlencode(query)}" if query else path
        with self._exchange("GET", path, None, None) as response:
            with _foreign_errors():
                while piece := response.read1(_PIECE_BYTES):
                    yield piece
            _check_complete(response)

    @contextmanager
    def stream(
        self, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> Iterator[Stream]:
        """Send a request whose answer is streamed; leaving the block ends the exchange.

        Raises GatewayError.
        """
        with self._exchange("POST", path, body, headers) as response:
            yield Stream(response)

    @contextmanager
    def _exchange(
        self, method: str, path: str, body: object, headers: Mapping[str, str] | None
    ) -> Iterator[http.client.HTTPResponse]:
        with closing(self._dial()) as connection:
            with _foreign_errors():
                connection.request(
                    method, self._prefix + path, _encoded(body), self._headers(body, headers)
                )
                response = connection.getresponse()
            with closing(response):
                if response.status > 299:
                    raise _refusal(response)
                yield response

    def _dial(self) -> http.client.HTTPConnection:
        if self._scheme == "http":
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout_s, context=self._ssl_context
        )

    def _headers(self, body: object, given: Mapping[str, str] | None) -> dict[str, str]:
        headers = {"accept-encoding": "identity", **(given or {})}
        if self._key is not None:
            headers["authorization"] = f"Bearer {self._key}"
        if body is not None:
            headers["content-type"] = "application/json"
        return headers


def _address(url: str) -> tuple[str, str, int | None, str]:
    """Scheme, host, port and prefix.

    Raises GatewayError, without repeating the address: it may hold a secret.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise GatewayError("The address is not a URL.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise GatewayError("The address must look like http://127.0.0.1:8080.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise GatewayError("The address must hold no user name, no password and no query.")
    return parts.scheme, parts.hostname, port, parts.path.rstrip("/")


def _encoded(body: object) -> bytes | None:
    return None if body is None else json.dumps(body, ensure_ascii=False).encode()


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _check_complete(response: http.client.HTTPResponse) -> None:
    """The library raises for a chunked body that is cut off, but not for one of a stated length."""
    if response.length:
        raise GatewayError(_BROKEN)


def _refusal(response: http.client.HTTPResponse) -> GatewayError:
    """The error of an answer, in whichever dialect: all of them have `error.message`."""
    status = response.status
    if status < 400:
        return GatewayError("The address points elsewhere; give the gateway's own.", status)
    with _foreign_errors():
        body = response.read(_MAX_ERROR_BYTES)
    try:
        error = json.loads(body)["error"]
        return GatewayError(str(error["message"]), status, str(error.get("code") or "") or None)
    except (ValueError, KeyError, TypeError, AttributeError):
        phrase = http.client.responses.get(status, "an error")
        return GatewayError(f"The gateway answered {status} ({phrase}).", status)


@contextmanager
def _foreign_errors() -> Iterator[None]:
    """Turn the library's failures into ours."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise GatewayError(_reason(error)) from error


def _reason(error: OSError | http.client.HTTPException) -> str:
    """Say what happened and what to do, in words that hold nothing of what was sent or received."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"The gateway's certificate was refused ({error.verify_message})."
        case ssl.SSLError():
            return "TLS failed: does this port speak https?"
        case socket.gaierror():
            return "The gateway's name does not resolve."
        case ConnectionRefusedError():
            return "Nothing listens at this address: is the gateway running (`madang up`)?"
        case TimeoutError():
            return "The gateway did not answer in time."
        case http.client.IncompleteRead() | ConnectionError():
            return _BROKEN
        case OSError():
            return f"The gateway cannot be reached: {error.strerror}."
        case _:
            return "The answer is not HTTP: is this the address of a gateway?"
