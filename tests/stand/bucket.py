"""A server of S3 as a process of its own (rclone's), which checks signatures and may be killed.

It answers a part of a file with all headers of one and the status of a whole (200 for 206), which
clients refuse; so a relay stands before it that says 206. With `MADANG_VERSITYGW=/path/to/versitygw`
another server, which needs none, takes its place: what holds, holds for both.
"""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ID, SECRET, BUCKET = "madangtests", "secretsecret", "films"
RCLONE = Path(sys.executable).with_name("rclone")
OTHER = os.environ.get("MADANG_VERSITYGW")
PATIENCE_S = 10


class Buckets:
    """Files of buckets in a folder; `url` is where they are served, also after `kill` and `start`."""

    def __init__(self, folder):
        self._folder = folder
        (folder / BUCKET).mkdir()
        self._port = _free_port()
        self.start()
        self._relay = _Relay(f"127.0.0.1:{self._port}")
        self.url = f"http://127.0.0.1:{self._port if OTHER else self._relay.server_port}"

    @property
    def environ(self):
        """What a gateway, or whoever else asks for files, has in its environment."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def start(self):
        """Serve."""
        address = f"127.0.0.1:{self._port}"
        rclone = [RCLONE, "serve", "s3", "--addr", address, "--auth-key", f"{ID},{SECRET}"]
        versity = [OTHER, "--port", address, "--access", ID, "--secret", SECRET, "posix"]
        command = [*(versity if OTHER else rclone), self._folder]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([*map(str, command)], **quiet)
        until = time.monotonic() + PATIENCE_S
        while not _listens(self._port):
            assert time.monotonic() < until, "the server of buckets does not start"
            time.sleep(0.01)

    def kill(self):
        """End it without any warning."""
        self._process.kill()
        self._process.wait()

    def close(self):
        """End everything."""
        self.kill()
        self._relay.shutdown()
        self._relay.server_close()

    def files(self):
        """Names of whole files and their sizes, as they lie on the disk."""
        found = (path for path in (self._folder / BUCKET).rglob("*") if path.is_file())
        named = ((str(path.relative_to(self._folder / BUCKET)), path) for path in found)
        return {name: path.stat().st_size for name, path in named if not name.startswith(".")}


class _Relay(ThreadingHTTPServer):
    """Passes on what is asked and answered, with the status that belongs to a part of a file."""

    daemon_threads = True

    def __init__(self, upstream):
        super().__init__(("127.0.0.1", 0), _Passing)
        self.upstream = upstream
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """Clients that are given up leave in the middle."""


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        server = http.client.HTTPConnection(self.server.upstream, timeout=PATIENCE_S)
        try:
            server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                server.putheader(name, value)
            server.endheaders(body)
            answer = server.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # it is gone: so are we
            return
        finally:
            server.close()
        self.send_response_only(206 if answer.headers["content-range"] else answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        if not answer.headers["content-length"]:
            self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815 - the library's names

    def log_message(self, *_):
        """Say nothing."""


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
