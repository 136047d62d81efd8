"""The upstream that every gateway talks to.

Whole answers come from nginx (so that the upstream is never the bottleneck), streams from a small
asyncio server. Both say the same in each run. `python -m bench.upstream PORT` runs the streaming one.
"""

import asyncio
import json
import re
import sys
from pathlib import Path

import httptools
import uvloop

CHAT_ANSWER = json.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": "gpt-4.1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "All is well in the courtyard. " * 16},
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 420,
            "completion_tokens": 112,
            "total_tokens": 532,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }
)


def nginx_upstream(port: int, folder: Path) -> str:
    """An nginx configuration that answers every path at once."""
    return f"""
daemon off; pid {folder}/upstream.pid; error_log {folder}/upstream.err crit;
worker_processes 1; worker_rlimit_nofile 60000;
events {{ worker_connections 20000; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body;
  client_body_buffer_size 1m;
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    default_type application/json;
    location / {{ return 200 '{CHAT_ANSWER}'; }}
  }}
}}
"""


def nginx_proxy(port: int, whole: int, streaming: int, folder: Path) -> str:
    """An nginx configuration that relays: the practical limit of what a proxy can do."""
    proxy = """proxy_http_version 1.1; proxy_set_header Connection "";"""
    return f"""
daemon off; pid {folder}/proxy.pid; error_log {folder}/proxy.err crit;
worker_processes 1; worker_rlimit_nofile 60000;
events {{ worker_connections 20000; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_body_buffer_size 1m;
  upstream whole {{ server 127.0.0.1:{whole}; keepalive 256; keepalive_requests 100000000; }}
  upstream streams {{ server 127.0.0.1:{streaming}; keepalive 8192; }}
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location /v1/ {{ proxy_pass http://whole; {proxy} }}
    location /streams/ {{ proxy_pass http://streams/; proxy_buffering off; {proxy} }}
  }}
}}
"""


def chunk(text: str) -> bytes:
    """One event of a streamed Chat Completions answer."""
    event = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": "gpt-4.1",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
    }
    return b"data: " + json.dumps(event).encode() + b"\n\n"


_LAST = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1760000000,'
    b'"model":"gpt-4.1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1760000000,'
    b'"model":"gpt-4.1","choices":[],"usage":{"prompt_tokens":420,"completion_tokens":112,'
    b'"total_tokens":532}}\n\ndata: [DONE]\n\n'
)


_PACE = re.compile(rb"(\d+) events, (\d+) ms apart")


class StreamingUpstream(asyncio.Protocol):
    """Streams as many chunks as the prompt asks for (`20 events, 1000 ms apart`): every gateway passes a prompt on."""

    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.body = b""
        self.task = None

    def data_received(self, data):
        self.parser.feed_data(data)

    def connection_lost(self, exc):
        if self.task:
            self.task.cancel()

    def on_message_begin(self):
        self.body = b""

    def on_body(self, data):
        self.body += data

    def on_message_complete(self):
        asked = _PACE.search(self.body)
        events, interval_ms = map(int, asked.groups()) if asked else (3, 0)
        self.task = asyncio.get_running_loop().create_task(self.stream(events, interval_ms / 1000))

    async def stream(self, events, interval_s):
        write = self.transport.write
        write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        due = loop.time()
        piece = chunk(" courtyard")
        piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        for _ in range(events):
            write(piece)
            due += interval_s
            await asyncio.sleep(max(0, due - loop.time()))
        write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(_LAST), _LAST))


async def main(port: int) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(StreamingUpstream, "127.0.0.1", port, backlog=8192)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
