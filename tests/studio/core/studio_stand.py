"""A stand for the studio's heart: a gateway of the standard library with a book of what it charged,
and steps that take no time where real ones would run ffmpeg.

The gateway keeps Madang's promise: what comes again under the same name is answered again and charged
once. Its book is the independent judge of what was paid.
"""

import io
import json
import threading
import time
import wave
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import msgspec

from madang_studio.footage.steps import footage_steps
from madang_studio.gateway import ChatAsk, Door
from madang_studio.graph.revision import revise
from madang_studio.model.brief import Brief
from madang_studio.model.script import Character, Line, Music, Place, Scene, Script, Shot, Voice
from madang_studio.model.work import Made
from madang_studio.runner import Bench, Conductor
from madang_studio.runner.queues import ThreadQueues
from madang_studio.sound.steps import make_timeline
from madang_studio.store.objects import content_of

POLITE = {"openai-poll-after-ms": "20"}
CHAT_NUSD, VOICE_NUSD, CLIP_NUSD = 1_234_567, 10_007, 40_000_003
BRIEF = Brief(theme="a letter comes late", language="en", captions=("ko",), budget_usd=100)
MINA = Character("Mina", "a woman of thirty, short black hair", "a red coat")
JUN = Character("Jun", "a man of forty, a beard", "a grey suit", Voice(gender="male"))


def script(scenes=2):
    """A script in which each scene has a line of each of two people."""
    return Script(
        title="Late",
        genre="drama",
        language="en",
        logline="A letter comes late.",
        characters=(MINA, JUN),
        places=(Place("Kitchen", "a small kitchen"),),
        scenes=tuple(
            Scene(
                id=str(n),
                description="They talk.",
                place="Kitchen",
                characters=("Mina", "Jun"),
                lines=(
                    Line(f"{n}.1", "Mina", f"It came today, number {n}."),
                    Line(f"{n}.2", "Jun", f"So late? {n}", "surprised"),
                ),
            )
            for n in range(1, scenes + 1)
        ),
        music=Music("sad"),
    )


def shots_of(scene):
    """A shot for each line, which shows whoever speaks; twenty characters take a second."""
    return tuple(
        Shot(
            id=f"{scene.id}.{n}",
            scene=scene.id,
            action=f"{line.character} speaks.",
            camera="close",
            characters=(line.character,),
            place=scene.place,
            lines=(line.id,),
            duration_ms=4_000,
        )
        for n, line in enumerate(scene.lines, 1)
    )


def wav(duration_ms):
    """Silence of a length, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(16 * duration_ms))
    return file.getvalue()


class Book:
    """What the gateway has answered and charged: `charges` by name, `asked` by path. Jobs `in_vain` make nothing."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answers, self.charges, self.jobs = {}, Counter(), {}
        self.asked = Counter()
        self.refuse = lambda kind, body: None
        self.clip_s = 0.02
        self.lose = lambda name: False
        self.in_vain = set()

    @property
    def total_nusd(self):
        """What everything has cost."""
        prices = {"chat": CHAT_NUSD, "speech": VOICE_NUSD, "video": CLIP_NUSD}
        return sum(prices[kind] * times for (kind, _), times in self.charges.items())

    def count(self, kind):
        """How often a kind of request was charged."""
        return sum(times for (each, _), times in self.charges.items() if each == kind)


class Handler(BaseHTTPRequestHandler):
    """Chat, speech and videos in OpenAI's shapes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        kind = {"/v1/chat/completions": "chat", "/v1/audio/speech": "speech"}.get(
            self.path, "video"
        )
        name, book = self.headers["idempotency-key"], self.server.book
        book.asked[kind] += 1
        refusal = book.refuse(kind, body)
        if refusal:
            self.answer({"error": {"message": "no", "code": "no"}}, refusal)
            return
        with book.lock:
            replayed = (kind, name) in book.charges
            if not replayed:
                book.charges[kind, name] += 1
                book.answers[name] = getattr(self, kind)(body, name)
            assert book.answers[name][2] == body, "the same name asks for something else"
        if book.lose(name):
            self.close_connection = True
            self.connection.close()
            return
        data, nusd, _ = book.answers[name]
        told = {"idempotent-replayed": "true"} if replayed else {}
        cost = 0 if replayed else nusd
        headers = {"x-request-id": f"r-{name}", "x-madang-cost-usd": f"0.{cost:09d}", **told}
        self.answer(data, 200, headers if kind != "video" else POLITE)

    def do_GET(self):
        book = self.server.book
        if self.path.startswith("/v1/requests/"):
            nusd = book.answers[self.path.removeprefix("/v1/requests/r-")][1]
            self.answer({"attempts": [{"saved_nusd": nusd}]})
        elif self.path.endswith("/content"):
            self.answer(b"clip of " + self.path.encode())
        else:
            job = book.jobs[self.path.removeprefix("/v1/videos/")]
            self.answer(self.shown(job), 200, POLITE)

    def chat(self, body, name):
        text = self.server.say(body)
        return {"model": "m", "choices": [{"message": {"content": text}}]}, CHAT_NUSD, body

    def speech(self, body, name):
        return wav(len(body["input"]) * 50), VOICE_NUSD, body

    def video(self, body, name):
        self.server.book.jobs[name] = SimpleNamespace(id=name, at=time.monotonic())
        return {"id": name, "status": "queued", "model": "v"}, CLIP_NUSD, body

    def shown(self, job):
        ready = time.monotonic() - job.at > self.server.book.clip_s
        done = (
            {"status": "completed", "cost_nusd": CLIP_NUSD} if ready else {"status": "in_progress"}
        )
        if ready and job.id in self.server.book.in_vain:
            lost = {"code": "submit_unanswered", "message": "no answer"}
            done = {"status": "failed", "cost_nusd": CLIP_NUSD, "error": lost}
        return {"id": job.id, "model": "v", **done}

    def answer(self, body, status=200, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for each, value in {"content-length": str(len(data)), **(headers or {})}.items():
            self.send_header(each, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def gateway(scenes=2):
    """A gateway with a book, as `.url` and `.book`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # callers that are killed leave in the middle
    server.book = Book()
    server.say = lambda body: msgspec.json.encode(script(scenes)).decode()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def benches(url):
    """Benches with real footage and time, and stand-ins for what writes and runs ffmpeg."""

    def open_bench(tags, stop):
        door = Door(url, "mdg_key", tags, stop)
        plain = dict.fromkeys(PLAIN, note)
        written = {
            name: lambda task: written_by(task, door) for name in ("draft", "dialogue", "polish")
        }
        own = {"scene_break": cut_scene, "prompt": describe, "timeline": make_timeline}
        translated = {"translation": lambda task: written_by(task, door, "translation.json")}
        steps = {**plain, **written, **own, **translated, **footage_steps(door), "revise": revise}
        return Bench(steps, door.charges)

    return open_bench


PLAIN = ("music", "mix", "captions", "cut", "picture", "film", "check", "package")


def written_by(task, door, file="script.json"):
    said = door.chat(ChatAsk(name=task.name, model="task:script", system="s", user=task.node.key))
    return _made(task, file, said.text)


def cut_scene(task):
    scene = msgspec.convert(task.node.params["scene"], Scene)
    return _made(task, "shots.json", msgspec.json.encode(shots_of(scene)).decode())


def describe(task):
    text = json.dumps(task.node.params, sort_keys=True)
    return _made(task, "prompt.json", text, {"prompt": text, "negative": "text"})


def note(task):
    """What it was made of, as a file."""
    inputs = {place: str(content_of(made)) for place, made in task.inputs.items()}
    return _made(task, "note.json", json.dumps([task.node.step, dict(task.node.params), inputs]))


def _made(task, file, text, facts=None):
    (task.folder / file).write_text(text)
    return Made(folder=task.folder, files={file: file}, facts=facts or {})


def made(told):
    """The places of which events say that they were made."""
    return {place for what, place in told if what == "made"}


@contextmanager
def running(project, url, **given):
    """A runner at work on a project."""
    conductor = Conductor(project, benches(url), **{"queues": ThreadQueues(), **given})
    conductor.start()
    try:
        yield conductor
    finally:
        conductor.stop()
