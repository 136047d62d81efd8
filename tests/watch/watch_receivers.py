"""Real receivers on real sockets: of webhooks and OTLP, which keep what they get and answer as told."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Got(NamedTuple):
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A server that answers with `statuses` in turn, the last one for ever."""

    def __init__(self, *statuses, headers=()):
        self.got = []
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                status = statuses[min(len(receiver.got), len(statuses) - 1)] if statuses else 200
                with receiver._arrived:
                    headers_got = {name.lower(): value for name, value in self.headers.items()}
                    receiver.got.append(Got(self.path, headers_got, body))
                    receiver._arrived.notify_all()
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Nothing: tests read what was got."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def wait(self, enough, timeout_s=10):
        """What was got, once `enough` is true of it."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: enough(self.got), timeout_s), self.got
            return list(self.got)


@contextmanager
def receiver(*statuses, headers=()):
    """A receiver that runs."""
    running = Receiver(*statuses, headers=headers)
    thread = threading.Thread(target=running.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.server.shutdown()
        running.server.server_close()
        thread.join()
