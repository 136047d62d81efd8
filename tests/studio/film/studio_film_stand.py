"""A small drama whose clips and voices are made by ffmpeg's generators: real files, tiny ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from madang_studio.film.steps import STEPS as FILM
from madang_studio.model.script import Character, Line, Music, Place, Scene, Script
from madang_studio.model.timeline import FPS
from madang_studio.model.work import Made, Node, Task
from madang_studio.programs import ffmpeg
from madang_studio.sound.steps import STEPS as SOUND

STEPS = {**SOUND, **FILM}
SIZE = {"aspect": "9:16", "width": 180, "height": 320}
PICTURES = {
    "red": "gradients=s=180x320:c0=red:c1=yellow:speed=0.2:seed=1",
    "blue": "gradients=s=180x320:c0=blue:c1=white:speed=0.2:seed=2",
    "test": "testsrc2=s=180x320",
    "wide": "testsrc2=s=320x180",
    "black": "color=black:s=180x320",
    "still": "smptebars=s=180x320",
}


def clip(folder: Path, picture: str, seconds: float, fps: int = 24) -> Path:
    """A clip as a provider would make it, with a sound of its own."""
    target = folder / "clip.mp4"
    source = f"{PICTURES[picture]}:r={fps}:d={seconds}"
    sound = f"sine=f=900:d={seconds}"
    coded = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
    ffmpeg.run(
        ["-f", "lavfi", "-i", source, "-f", "lavfi", "-i", sound, *coded, target.name], folder
    )
    return target


def voice(folder: Path, seconds: float, hertz: int = 220, level: float = 0.3) -> Path:
    """Something like speech: a tone that comes and goes four times a second, at 24 kHz."""
    target = folder / "voice.wav"
    wave = f"{level}*sin({hertz}*2*PI*t)*(0.5-0.5*cos(8*PI*t))"
    ffmpeg.run(["-f", "lavfi", "-i", f"aevalsrc={wave}:s=24000:d={seconds}", target.name], folder)
    return target


MUSIC: dict[str, Made] = {}
"""Made once for all dramas: it takes a second, and does not depend on them."""


def _music(drama: "Drama") -> Made:
    if not MUSIC:
        music = msgspec.to_builtins(Music(mood="calm", tempo_bpm=120))
        MUSIC["loop"] = drama.make("music", "music", {"music": music, "seed": 7}, [])
    return MUSIC["loop"]


class Drama:
    """Shots (`id`: picture, seconds of clip, planned ms, lines with seconds) made step by step."""

    def __init__(
        self, folder: Path, shots: Mapping[str, tuple[str, float, int, Mapping[str, float]]]
    ):
        self.folder, self.shots = folder, shots
        self.made: dict[str, Made] = {}
        self.texts = {
            line: f"This is line {line}." for *_, lines in shots.values() for line in lines
        }
        self.burned: str | None = None
        self.level = 0.3

    @property
    def lines(self) -> list[dict[str, str]]:
        return [self.told(line) for *_, lines in self.shots.values() for line in lines]

    def told(self, line: str) -> dict[str, str]:
        return {"id": line, "character": "Mina", "text": self.texts[line], "emotion": "neutral"}

    def place(self, key: str) -> Path:
        folder = self.folder / key.replace("/", "_").replace(":", "x")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def put(self, key: str, files: tuple[str, ...] = (), **facts: Any) -> None:
        folder = self.place(key)
        self.made[key] = Made(folder=folder, files={name: name for name in files}, facts=facts)

    def make(self, key: str, step: str, params: Mapping[str, Any], inputs: list[str]) -> Made:
        """Run a step as the runner would: facts go through JSON."""
        node = Node(key=key, step=step, kind="export", inputs=tuple(inputs), params=params)
        task = Task(
            node=node,
            inputs={name: self.made[name] for name in inputs},
            folder=self.place(key),
            name=key,
        )
        made = STEPS[step](task)
        facts = msgspec.json.decode(msgspec.json.encode(made.facts))
        self.made[key] = msgspec.structs.replace(made, facts=facts)
        return self.made[key]

    def footage(self) -> "Drama":
        for shot, (picture, seconds, planned, lines) in self.shots.items():
            clip(self.place(f"clip/{shot}"), picture, seconds)
            self.put(f"clip/{shot}", ("clip.mp4",))
            self.put(f"length/{shot}", shot_ms=planned, clip_ms=planned)
            for line, long in lines.items():
                voice(self.place(f"voice/{line}"), long, level=self.level)
                self.put(f"voice/{line}", ("voice.wav",), duration_ms=round(long * 1000), timing=[])
        return self

    def sound(self) -> "Drama":
        voices = [f"voice/{line['id']}" for line in self.lines]
        shots = [{"id": shot, "lines": list(row[3])} for shot, row in self.shots.items()]
        lengths = [f"length/{shot}" for shot in self.shots]
        self.make("timeline", "timeline", {"shots": shots}, [*lengths, *voices])
        self.made["music"] = _music(self)
        self.make("mix", "mix", {"lufs": -14, "lines": self.lines}, ["timeline", "music", *voices])
        return self

    def cut(self, shot: str, size: Mapping[str, Any] = SIZE) -> Made:
        lines = list(self.shots[shot][3]) if self.burned else []
        params = {"shot": shot, **size, "fps": FPS, "burned": self.burned}
        inputs = [f"clip/{shot}", f"length/{shot}", *(f"voice/{line}" for line in lines)]
        told = [self.told(line) for line in lines]
        return self.make(f"cut/{size['aspect']}/{shot}", "cut", {**params, "lines": told}, inputs)

    def film(self, size: Mapping[str, Any] = SIZE) -> Path:
        aspect, ids = size["aspect"], list(self.shots)
        for shot in ids:
            self.cut(shot, size)
        cuts = [f"cut/{aspect}/{shot}" for shot in ids]
        self.make(f"picture/{aspect}", "picture", {**size, "shots": ids}, ["timeline", *cuts])
        inputs = [f"picture/{aspect}", "mix"]
        made = self.make(f"film/{aspect}", "film", {"aspect": aspect, "title": "A film"}, inputs)
        self.make("captions/en", "captions", {"language": "en", "lines": self.lines}, ["timeline"])
        return made.path("film.mp4")

    def check(self, size: Mapping[str, Any] = SIZE) -> Made:
        aspect, ids = size["aspect"], list(self.shots)
        cuts = [f"cut/{aspect}/{shot}" for shot in ids]
        inputs = [f"film/{aspect}", "timeline", "mix", "captions/en", *cuts]
        return self.make(f"check/{aspect}", "check", {**size, "shots": ids}, inputs)

    def package(self) -> Path:
        script = Script(
            title="A film",
            genre="romance",
            language="en",
            logline="Two people miss a train.",
            characters=(Character("Mina", "Tall.", "A green coat."),),
            places=(Place("station", "An old station."),),
            scenes=(
                Scene(
                    "1", "They wait.", "station", ("Mina",),
                    tuple(Line(line["id"], "Mina", line["text"]) for line in self.lines),
                ),
            ),
        )  # fmt: skip
        (self.place("script") / "script.json").write_bytes(msgspec.json.encode(script))
        self.put("script", ("script.json",))
        params = {
            "title": "A film",
            "languages": ["en"],
            "aspects": ["9:16"],
            "shots": list(self.shots),
        }
        return self.make("package", "package", params, list(self.made)).path("package.zip")


SMALL = {
    "1.1": ("red", 2.0, 2000, {"1.1": 1.2}),
    "1.2": ("test", 2.0, 2000, {}),
    "1.3": ("blue", 1.5, 2000, {"1.2": 0.7, "1.3": 0.6}),
}
