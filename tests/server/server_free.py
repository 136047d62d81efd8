"""A provider whose health the test decides: one status for what is free, another for what is asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


class Free:
    """`free` and `paid` are the statuses it answers with, `held_s` its Retry-After; `asked`: each method and path."""

    def __init__(self) -> None:
        self.free = self.paid = 200
        self.held_s = ""
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def count(self, method: str) -> int:
        """How often it was asked by a method."""
        return sum(line.startswith(method) for line in self.asked)


def _handler(owner: Free) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(owner.free, {"object": "list", "data": []})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            refusal = {"error": {"message": "no", "type": "x", "code": "x", "param": None}}
            self._answer(owner.paid, ANSWER if owner.paid == 200 else refusal)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, status: int, told: dict) -> None:
            owner.asked.append(f"{self.command} {self.path}")
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if status == 429 and owner.held_s:
                self.send_header("retry-after", owner.held_s)
            self.end_headers()
            self.wfile.write(body)

    return Handler
