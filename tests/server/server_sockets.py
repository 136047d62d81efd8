"""A caller without an HTTP library: it may say anything, at any pace."""

import contextlib
import json
import socket
import time
from typing import Any, Self


class Caller:
    """One raw connection. Nothing here waits for longer than it is told.

    `room_bytes`: how much may wait to be read (None: as much as the system likes).
    """

    def __init__(self, port: int, room_bytes: int | None = None) -> None:
        self._socket = socket.socket()
        if room_bytes is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room_bytes)
        self._socket.settimeout(15)
        self._socket.connect(("127.0.0.1", port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, *pieces: bytes, pause_s: float = 0.0) -> "Caller":
        """Send; a gateway that has hung up meanwhile is no error."""
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                self._socket.sendall(piece)
                time.sleep(pause_s)
        return self

    def done(self) -> "Caller":
        """Close the sending half."""
        self._socket.shutdown(socket.SHUT_WR)
        return self

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def reset(self) -> None:
        """Hang up rudely."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()

    def hear(self, until: bytes, within_s: float = 15.0) -> bytes:
        """Everything up to (at least) `until`."""
        heard = b""
        deadline = time.monotonic() + within_s
        while until not in heard:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            piece = self._socket.recv(65536)
            assert piece, f"hung up after {heard!r}"
            heard += piece
        return heard

    def hear_all(self, within_s: float = 15.0) -> bytes:
        """Everything until the gateway closes; it has to, within `within_s`."""
        heard = b""
        deadline = time.monotonic() + within_s
        with contextlib.suppress(ConnectionError):
            while True:
                self._socket.settimeout(max(0.01, deadline - time.monotonic()))
                piece = self._socket.recv(65536)
                if not piece:
                    break
                heard += piece
        return heard

    def hear_slowly(self, step_bytes: int, pause_s: float) -> int:
        """Read to the end with pauses; return how many bytes there were."""
        heard = 0
        self._socket.settimeout(15)
        while piece := self._socket.recv(step_bytes, socket.MSG_WAITALL):
            heard += len(piece)
            time.sleep(pause_s)
        return heard


def request(
    body: bytes | dict[str, Any],
    key: str,
    *lines: str,
    path: str = "/v1/chat/completions",
    length: bool = True,
) -> bytes:
    """A request as it should be, with more header lines if wanted."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"POST {path} HTTP/1.1", "host: gateway", f"authorization: Bearer {key}", *lines]
    if length:
        head.append(f"content-length: {len(content)}")
    return "\r\n".join([*head, "", ""]).encode() + content


def asking(model: str, **more: Any) -> dict[str, Any]:
    """The body of a small chat request."""
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}


def statuses(heard: bytes) -> list[int]:
    """The status of every response in what was heard."""
    marks = heard.split(b"HTTP/1.1 ")[1:]
    return [int(mark[:3]) for mark in marks]
