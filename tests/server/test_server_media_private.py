"""A maker's files on a host of one's own: fetched where the configuration lists it, and nowhere else."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server_gateway import Gateway, eventually
from server_media import finished

CLIP = b"\0\0\0\x18ftypisom film"
WANTED = {"model": "house/film", "prompt": "A fox", "seconds": "4"}


class _Maker(BaseHTTPRequestHandler):
    """Clips in OpenAI's shape, at once; their files lie on another host, which is this machine by name."""

    def do_POST(self):
        """Take an order."""
        self.rfile.read(int(self.headers["content-length"]))
        self._say({"id": "video_1", "object": "video", "status": "queued", "progress": 0})

    def do_GET(self):
        """Say how it fares, or where the file is; or be the other host."""
        self.server.asked.append((self.headers["host"].partition(":")[0], self.path))
        if self.path.endswith("/content"):
            self.send_response(302)
            place = f"http://localhost:{self.server.server_port}/kept/film.mp4"
            self.send_header("location", place)
            self.send_header("content-length", "0")
            self.end_headers()
        elif self.path.startswith("/kept/"):
            self.server.headers_seen = dict(self.headers)
            self._send(CLIP, "video/mp4")
        else:
            self._say({"id": "video_1", "object": "video", "status": "completed", "progress": 100})

    def _say(self, body):
        self._send(json.dumps(body).encode(), "application/json")

    def _send(self, data, kind):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def maker():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Maker) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _config(server, *allowed):
    house = {
        "kind": "openai",
        "base_url": f"http://127.0.0.1:{server.server_port}/v1",
        "api_key": "key-house-PLANTED",
        "makes": {"videos": ["film"]},
    }
    return {
        "providers": {"house": house},
        "media": {"poll_factor": 0.02, "allow_private": list(allowed)},
    }


def test_a_file_on_a_private_host_waits_until_that_host_is_listed(tmp_path):
    with maker() as server, Gateway(tmp_path, _config(server, "10.0.0.0/8", "127.0.0.2")) as own:
        key = own.make_key("studio")[1]
        made = own.call("POST", "/v1/videos", key, json=WANTED).json()
        eventually(lambda: any(path.endswith("/content") for _, path in server.asked))
        assert not any(host == "localhost" for host, _ in server.asked)
        shown = own.call("GET", f"/v1/videos/{made['id']}", key).json()
        assert shown["status"] == "in_progress"
        own.configure(_config(server, "localhost"))
        assert finished(own, key, made["id"], 30)["status"] == "completed"
        assert own.call("GET", f"/v1/videos/{made['id']}/content", key).content == CLIP
        assert ("localhost", "/kept/film.mp4") in server.asked
        assert "PLANTED" not in str(server.headers_seen)
