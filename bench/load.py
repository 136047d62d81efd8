"""Load on one gateway: wrk for whole answers, `bench.streams` for streams."""

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.proc import LOAD_CORE, Running

PROMPT = "Describe the courtyard of a Korean house, and who crosses it, in three sentences. " * 20

_AT_ONCE_S = 0.3
_MOST_QUESTIONS = 50


@dataclass(frozen=True)
class Shot:
    """What one burst of load showed. Latencies in milliseconds, CPU in microseconds per request."""

    rps: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_us: float


def chat_body(model: str, prompt: str = PROMPT) -> dict:
    """A Chat Completions request of about two kilobytes."""
    system = {"role": "system", "content": "You are a careful writer."}
    return {"model": model, "messages": [system, {"role": "user", "content": prompt}]}


def messages_body(model: str, prompt: str = PROMPT) -> dict:
    """The same as an Anthropic Messages request."""
    user = {"role": "user", "content": prompt}
    return {
        "model": model,
        "max_tokens": 512,
        "system": "You are a careful writer.",
        "messages": [user],
    }


@dataclass(frozen=True)
class Speech:
    """How a dialect streams.

    `ask` makes a request with a model and a prompt; `event` marks a piece of text and `end` the
    end, which is not longer.
    """

    ask: Callable[[str, str], dict]
    event: str
    end: str


CHAT = Speech(chat_body, '"content":', "[DONE]")
MESSAGES = Speech(messages_body, '"text_delta"', "message_stop")


def whole(
    target: Running,
    url: str,
    body: dict,
    headers: dict[str, str],
    connections: int,
    seconds: float,
    folder: Path,
) -> Shot:
    """One burst of wrk, pinned to the load's core."""
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not on the PATH (Debian: apt-get install wrk)")
    script = folder / "post.lua"
    lines = ['wrk.method = "POST"', f"wrk.body = [==[{json.dumps(body)}]==]"]
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    script.write_text("\n".join(lines))
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}"]
    command += [f"-d{seconds:g}s", "--latency", "--timeout", "30s", "-s", str(script), url]
    before = target.cpu_s()
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cpu_s = target.cpu_s() - before
    done = int(_find(r"(\d+) requests in", shown))
    socket_errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", shown)
    errors = sum(map(int, socket_errors.groups())) if socket_errors else 0
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", shown)
    return Shot(
        rps=float(_find(r"Requests/sec:\s+([\d.]+)", shown)),
        p50_ms=_ms(_find(r"^\s+50%\s+(\S+)", shown)),
        p99_ms=_ms(_find(r"^\s+99%\s+(\S+)", shown)),
        errors=errors + (int(refused.group(1)) if refused else 0),
        cpu_us=cpu_s * 1e6 / done if done else 0.0,
    )


def settle(target: Running, url: str, headers: dict[str, str]) -> float:
    """Have a gateway do what it put off, by asking for its books until that takes no time.

    Else the next cell would pay for the one before. Returns the CPU seconds that it took.
    """
    began_s = target.cpu_s()
    for _ in range(_MOST_QUESTIONS):
        asked_at = time.perf_counter()
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            answer.read()
        if time.perf_counter() - asked_at < _AT_ONCE_S:
            break
    return target.cpu_s() - began_s


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk said something unexpected: {text[-500:]}")
    return found.group(1)


def _ms(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise ValueError(text)


@dataclass(frozen=True)
class StreamShot:
    """What one burst of streams showed. CPU in microseconds per relayed event."""

    streams: int
    whole: int
    events: int
    longest_silence_s: float
    cpu_us_per_event: float
    memory_mb: float


@dataclass(frozen=True)
class Crowd:
    """How many streams, of how many events, how far apart, begun within how many seconds."""

    streams: int
    events: int
    interval_ms: int
    ramp_s: float


@dataclass(frozen=True)
class Door:
    """Where a gateway takes streams, and in which dialect."""

    port: int
    path: str
    model: str
    headers: dict[str, str]
    speech: Speech = CHAT


def streams(target: Running, door: Door, crowd: Crowd) -> StreamShot:
    """A crowd of streams, all of them checked to the end."""
    pace = f"{crowd.events} events, {crowd.interval_ms} ms apart"  # the upstream reads it
    expected_s = crowd.ramp_s + crowd.events * crowd.interval_ms / 1000
    job = {
        "host": f"127.0.0.1:{door.port}",
        "path": door.path,
        "headers": door.headers,
        "body": {**door.speech.ask(door.model, f"{PROMPT} {pace}"), "stream": True},
        "event": door.speech.event,
        "end": door.speech.end,
        "streams": crowd.streams,
        "events": crowd.events,
        "ramp_s": crowd.ramp_s,
        "timeout_s": expected_s * 6 + 30,
    }
    command = ["taskset", "-c", str(LOAD_CORE), sys.executable, "-m", "bench.streams"]
    before = target.cpu_s()
    client = subprocess.Popen(
        [*command, json.dumps(job)], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
    )
    peak = 0.0
    while client.poll() is None:
        peak = max(peak, target.memory_mb())
        try:
            client.wait(0.5)
        except subprocess.TimeoutExpired:
            continue
    report = json.loads(client.stdout.read())
    cpu_s = target.cpu_s() - before
    return StreamShot(
        streams=crowd.streams,
        whole=report["whole"],
        events=report["events"],
        longest_silence_s=report["longest_silence_s"],
        cpu_us_per_event=cpu_s * 1e6 / max(1, report["events"]),
        memory_mb=round(peak, 1),
    )
