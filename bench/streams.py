"""The streaming load: many streams at once, each checked to the last event; prints one JSON line."""

import asyncio
import json
import sys
import time

import uvloop


class Stream(asyncio.Protocol):
    """One stream. Counts content events, remembers the longest silence, and whether it ended well.

    `event` and `end` are what marks them; `end` is not longer than `event`.
    """

    def __init__(self, request: bytes, event: bytes, end: bytes, done: asyncio.Future) -> None:
        self.request = request
        self.event = event
        self.end = end
        self.done = done
        self.events = 0
        self.ended = False
        self.tail = b""
        self.last = time.perf_counter()
        self.longest_s = 0.0

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data):
        now = time.perf_counter()
        self.longest_s = max(self.longest_s, now - self.last)
        self.last = now
        data = self.tail + data
        self.events += data.count(self.event)
        self.ended = self.ended or self.end in data
        # a match may be cut by the packet's edge: keep what is too short to have been counted
        self.tail = b"" if data.endswith(self.event) else data[1 - len(self.event) :]
        if self.ended and not self.done.done():
            self.done.set_result(None)
            self.transport.close()

    def connection_lost(self, exc):
        if not self.done.done():
            self.done.set_result(None)


def request_bytes(host: str, path: str, headers: dict[str, str], body: dict) -> bytes:
    """The request as it goes over the wire."""
    data = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", f"content-length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


async def main(job: dict) -> None:
    """Open all streams within `ramp_s`, wait for all of them, report."""
    loop = asyncio.get_running_loop()
    request = request_bytes(job["host"], job["path"], job["headers"], job["body"])
    event, end = job["event"].encode(), job["end"].encode()
    port = int(job["host"].rpartition(":")[2])
    streams: list[Stream] = []
    refused = 0
    began = time.perf_counter()
    for number in range(job["streams"]):
        due = began + job["ramp_s"] * number / job["streams"]
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        stream = Stream(request, event, end, loop.create_future())
        try:
            await loop.create_connection(lambda stream=stream: stream, "127.0.0.1", port)
            streams.append(stream)
        except OSError:
            refused += 1
    await asyncio.wait([stream.done for stream in streams], timeout=job["timeout_s"])
    whole = [s for s in streams if s.ended and s.events == job["events"]]
    report = {
        "streams": job["streams"],
        "whole": len(whole),
        "refused": refused,
        "events": sum(stream.events for stream in streams),
        "longest_silence_s": round(max((s.longest_s for s in streams), default=0), 3),
        "seconds": round(time.perf_counter() - began, 2),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    uvloop.run(main(json.loads(sys.argv[1])))
