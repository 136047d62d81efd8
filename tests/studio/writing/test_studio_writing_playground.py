"""A drama is written on a bare machine: the playground's models behind a real gateway, in four languages."""

import msgspec
import pytest
from studio_scripts import BRIEF, content, task

from madang.drills.testbed import start_gateway
from madang_studio.gateway import Door
from madang_studio.model.script import Scene, Script
from madang_studio.writing.genres import genre_of
from madang_studio.writing.languages import why_not_in
from madang_studio.writing.shots import Wish, share_ms, shots_of
from madang_studio.writing.steps import writing_steps


@pytest.fixture(scope="module")
def steps():
    with start_gateway({}) as running:
        yield writing_steps(Door(running.url, running.admin_key).chat)


def written(steps, folder, **brief):
    """A script after all of its passes."""
    params = BRIEF | brief
    made = steps["draft"](task("draft", folder / "draft", params, name=f"{folder.name}-draft"))
    for step in ("dialogue", "polish"):
        inputs = {"script/before": made}
        told = task(step, folder / step, params, inputs, name=f"{folder.name}-{step}")
        made = steps[step](told)
    return msgspec.convert(content(made, "script.json"), Script)


@pytest.mark.parametrize("language", ["en", "ko", "zh", "ja"])
@pytest.mark.parametrize("genre", ["romance", "thriller"])
def test_a_minute_of_drama_is_written_and_cut(language, genre, steps, tmp_path):
    script = written(steps, tmp_path, language=language, genre=genre)
    said = [line.text for scene in script.scenes for line in scene.lines]
    assert why_not_in(language, " ".join(said)) is None
    assert len(said) >= 6
    wish = Wish(language, 8_000, share_ms(1.0, len(script.scenes)))
    shots = [shot for scene in script.scenes for shot in shots_of(scene, camera(genre), wish)]
    assert len(shots) >= 6
    assert 45_000 <= sum(shot.duration_ms for shot in shots) <= 80_000


def camera(genre):
    return genre_of(genre).camera


@pytest.mark.parametrize("language", ["en", "ko"])
def test_captions_are_translated(language, steps, tmp_path):
    source = "ko" if language == "en" else "en"
    scene: Scene = written(steps, tmp_path, language=source).scenes[0]
    lines = [{"id": one.id, "character": one.character, "text": one.text} for one in scene.lines]
    params = {"lines": lines, "source": source, "language": language}
    made = steps["translation"](task("translation", tmp_path / "t", params, name=tmp_path.name))
    texts = content(made, "translation.json")
    assert [*texts] == [one.id for one in scene.lines]
    assert why_not_in(language, " ".join(texts.values())) is None


def test_other_seeds_and_themes_tell_other_stories(steps, tmp_path):
    told = {
        written(steps, tmp_path / f"{seed}", seed=seed, theme=theme).scenes
        for seed, theme in enumerate(["an umbrella", "a lost letter", "the last train"], 1)
    }
    assert len(told) > 1
