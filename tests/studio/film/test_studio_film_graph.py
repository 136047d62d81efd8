"""What the graph asks of sound and film can be made: a drama in Korean, two shapes, two languages."""

import zipfile

import msgspec
import pytest
from studio_film_stand import STEPS, clip, voice

from madang_studio.graph.expansion import nodes_of
from madang_studio.model.brief import Brief
from madang_studio.model.script import Character, Line, Music, Place, Scene, Script, Shot
from madang_studio.model.work import Made, Task
from madang_studio.programs.probe import probe

SIZES = {"9:16": (180, 320), "16:9": (320, 180), "1:1": (180, 180)}
LINES = {"1.1": "안녕하세요, 기다렸어요.", "1.2": "비가 와요 \U0001f327", "1.3": "", "1.4": "네."}
SCRIPT = Script(
    title="우산",
    genre="romance",
    language="ko",
    logline="두 사람과 우산 하나.",
    characters=(Character("미나", "Tall.", "A green coat."), Character("준", "Short.", "Grey.")),
    places=(Place("역", "An old station."),),
    scenes=(
        Scene(
            "1",
            "They wait.",
            "역",
            ("미나", "준"),
            tuple(
                Line(id_, "준" if id_ == "1.2" else "미나", text or "음")
                for id_, text in LINES.items()
            ),
        ),
    ),
    music=Music(tempo_bpm=120),
)
SHOTS = tuple(
    Shot(id_, "1", "They wait.", "close", ("미나",), "역", lines, 2000)
    for id_, lines in (("1.1", ("1.1",)), ("1.2", ("1.2", "1.3")), ("1.3", ()), ("1.4", ("1.4",)))
)
BRIEF = Brief(
    theme="an umbrella",
    language="ko",
    captions=("en",),
    burned="ko",
    aspect="9:16",
    exports=("16:9",),
)


def _given(task):
    """What writing and footage would have made: files of the right kind, no words of a model."""
    files, facts = {}, {}
    match task.node.step:
        case "voice":
            files = {"voice.wav": voice(task.folder, 0.6).name}
            facts = {"duration_ms": 600, "timing": []}
        case "clip":
            files = {
                "clip.mp4": clip(
                    task.folder, "red" if task.node.key.endswith("1") else "test", 2
                ).name
            }
        case "length":
            facts = {"shot_ms": 2000, "clip_ms": 2000}
        case "translation":
            texts = {
                line["id"]: f"Line {line['id']} in English." for line in task.node.params["lines"]
            }
            (task.folder / "translation.json").write_bytes(msgspec.json.encode(texts))
            files = {"translation.json": "translation.json"}
        case "revise":
            (task.folder / "script.json").write_bytes(msgspec.json.encode(SCRIPT))
            files = {"script.json": "script.json"}
    return Made(folder=task.folder, files=files, facts=facts)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Every node of the graph, made in its order, with facts that went through JSON."""
    root, done = tmp_path_factory.mktemp("graph"), {}
    for number, node in enumerate(nodes_of(BRIEF, SCRIPT, SHOTS, sizes=SIZES)):
        folder = root / str(number)
        folder.mkdir()
        inputs = {key: done[key] for key in node.inputs}
        result = STEPS.get(node.step, _given)(
            Task(node=node, inputs=inputs, folder=folder, name="x")
        )
        facts = msgspec.json.decode(msgspec.json.encode(result.facts))
        done[node.key] = msgspec.structs.replace(result, facts=facts)
    return done


def test_films_of_both_shapes_come_out(made):
    for aspect, size in (("9:16", (180, 320)), ("16:9", (320, 180))):
        media = probe(made[f"film/{aspect}"].path("film.mp4"))
        assert ((media.width, media.height), media.duration_ms) == (size, 8000)


def test_captions_of_the_spoken_language_and_of_another_come_out(made):
    assert "안녕하세요, 기다렸어요." in made["captions/ko"].path("captions.srt").read_text()
    assert "Line 1.1 in English." in made["captions/en"].path("captions.vtt").read_text()


def test_a_clip_of_another_shape_is_said_in_the_check(made):
    words = [finding["words"] for finding in made["check/16:9"].facts["findings"]]
    assert sum("blurred ground" in text for text in words) == len(SHOTS)


def test_all_of_it_is_in_the_package(made):
    with zipfile.ZipFile(made["package"].path("package.zip")) as archive:
        names = archive.namelist()
    assert {"film-9x16.mp4", "film-16x9.mp4", "captions/ko.srt", "captions/en.srt"} <= set(names)


def test_every_file_and_fact_that_the_table_promises_is_there(made):
    """By the names in the rows of the graph's table."""
    assert {"duration_ms", "lufs", "peak_db", "silent"} <= set(made["mix"].facts)
    assert {"frames", "fit", "slowed", "held_ms", "black", "frozen", "notes"} <= set(
        made["cut/9:16/1.1"].facts
    )
    for key, names in {
        "timeline": ["timeline.json"],
        "music": ["music.wav"],
        "mix": ["mix.m4a", "voices.flac", "bed.flac"],
        "captions/en": ["captions.srt", "captions.vtt", "captions.ass", "captions.json"],
        "cut/16:9/1.2": ["cut.mp4", "signature.gray", "thumbnail.jpg"],
        "picture/9:16": ["picture.mp4"],
        "film/9:16": ["film.mp4"],
        "check/9:16": ["check.json"],
    }.items():
        assert all(made[key].path(name).stat().st_size for name in names), key
        assert sorted(path.name for path in made[key].folder.iterdir()) == sorted(names), key
