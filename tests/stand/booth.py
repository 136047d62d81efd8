"""A server of HTTP in a thread, for tests that wait: what it answers is one function."""

import json
import threading
from collections.abc import Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import NamedTuple


class Visit(NamedTuple):
    """A request: its method, path and headers (names as they came)."""

    method: str
    path: str
    headers: dict[str, str]


class Answer(NamedTuple):
    """What is answered: bytes, or what JSON is made of."""

    body: object = b""
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})


class _Handler(BaseHTTPRequestHandler):
    def _any(self):
        self.rfile.read(int(self.headers["content-length"] or 0))
        visit = Visit(self.command, self.path, dict(self.headers))
        self.server.asked.append(visit)
        answer = self.server.answer(visit)
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"content-length": str(len(body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _any  # noqa: N815 - the library's names

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def booth(answer):
    """A server that answers each visit so; `.asked` are the visits, `.url` and `.server_port` where it is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.asked, server.answer = [], answer
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
