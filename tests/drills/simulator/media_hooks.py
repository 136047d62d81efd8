"""A socket that takes webhooks, and keeps them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Taken(NamedTuple):
    headers: dict[str, str]
    body: bytes
    at_s: float


class Hooks:
    """`url` to post to, what was `taken`; the first `refusals` are answered with 503."""

    def __init__(self, url: str, refusals: int) -> None:
        self.url = url
        self.refusals = refusals
        self.taken: list[Taken] = []

    def wait(self, number: int, patience_s: float = 5.0) -> list[Taken]:
        """What was taken once it is so many."""
        end_s = time.monotonic() + patience_s
        while len(self.taken) < number and time.monotonic() < end_s:
            time.sleep(0.005)
        return self.taken


@contextmanager
def taking_hooks(refusals: int = 0) -> Iterator[Hooks]:
    """Take webhooks on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            hooks.taken.append(Taken(headers, body, time.time()))
            self.send_response(503 if len(hooks.taken) <= hooks.refusals else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hooks = Hooks(f"http://127.0.0.1:{server.server_port}/hook", refusals)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
