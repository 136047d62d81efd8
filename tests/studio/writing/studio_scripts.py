"""Scripts and tasks for the tests of this room, and a model on a real socket that says what it is told to."""

import copy
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from madang_studio.gateway import Door
from madang_studio.model.work import Made, Node, Task

DRAFT = {
    "title": "The Umbrella",
    "logline": "Two strangers share an umbrella and miss the same bus.",
    "characters": [
        {
            "name": "Mina",
            "appearance": "28, black bob, freckles",
            "clothing": "green raincoat",
            "voice": {"gender": "female", "age": "young"},
        },
        {
            "name": "Jun",
            "appearance": "30, tall, short beard",
            "clothing": "grey wool coat",
            "voice": {"gender": "male", "age": "adult"},
        },
    ],
    "places": [{"name": "Bus stop", "description": "a glass shelter on a wet street"}],
    "scenes": [
        {
            "description": "Mina and Jun wait for the bus.",
            "place": "Bus stop",
            "characters": ["Mina", "Jun"],
            "lines": [
                {"character": "narrator", "text": "It had rained all week.", "emotion": "neutral"},
                {"character": "Mina", "text": "Is the bus late again?", "emotion": "tense"},
                {"character": "Jun", "text": "It is always late.", "emotion": "neutral"},
            ],
            "camera": "wide shot",
            "setting": "evening, rain",
        },
        {
            "description": "They share an umbrella.",
            "place": "Bus stop",
            "characters": ["Mina", "Jun"],
            "lines": [
                {"character": "Mina", "text": "Take half of mine.", "emotion": "tender"},
                {"character": "Jun", "text": "Then we both get wet.", "emotion": "happy"},
            ],
            "camera": "",
            "setting": "",
        },
    ],
    "music": {"mood": "warm", "tempo_bpm": 80, "description": "soft piano"},
}

BRIEF = {
    "theme": "an umbrella",
    "genre": "romance",
    "character": None,
    "setting": None,
    "minutes": 1.0,
    "language": "en",
    "seed": 1,
}


def draft(**changes):
    """A good draft with other values at the top."""
    return copy.deepcopy(DRAFT) | changes


def with_line(text, **more):
    """A good draft whose second line says something else."""
    changed = draft()
    changed["scenes"][0]["lines"][1] |= {"text": text, **more}
    return changed


def task(step, folder, params, inputs=None, name="name"):
    """A task for a step, in a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    node = Node(key=step, step=step, kind="script", params=params)
    return Task(node=node, inputs=inputs or {}, folder=folder, name=name)


def content(made, name):
    """The JSON of one of the files that were made."""
    return json.loads(made.path(name).read_text())


def stored(folder, script):
    """A script as an artefact that other steps get."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.json").write_text(json.dumps(script))
    return Made(folder=folder, files={"script.json": "script.json"})


class Model:
    """What was asked of it, and the door to it."""

    def __init__(self, answers):
        self.asked, self.names, self._answers = [], [], list(answers)

    def answer(self, body, name):
        self.asked.append(body)
        self.names.append(name)
        said = self._answers.pop(0)
        said = said(body) if callable(said) else said
        return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)

    @property
    def users(self):
        """What the user's message was, each time."""
        return [body["messages"][-1]["content"] for body in self.asked]


@contextmanager
def model_that_says(*answers):
    """A model behind a real HTTP server, and how to ask it through the studio's door.

    An answer is text, an object to be sent as JSON, or a function of the request's body.
    """
    model = Model(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            text = model.answer(body, self.headers["idempotency-key"])
            said = {"model": "bad-model", "choices": [{"message": {"content": text}}]}
            sent = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(sent)))
            self.send_header("x-request-id", f"req-{len(model.asked)}")
            self.send_header("x-madang-cost-usd", "0.000000007")
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield model, Door(f"http://127.0.0.1:{server.server_port}", "key").chat
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
