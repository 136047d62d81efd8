"""The page on writing tells the truth: its genres, its template, its table of rates and its prompt."""

import re
from pathlib import Path

import yaml

from madang_studio.writing.genres import genre_of, genres, read_genre
from madang_studio.writing.languages import LETTERS_PER_S, speech_ms
from madang_studio.writing.shot_prompt import RULE
from madang_studio.writing.steps import writing_steps

PAGE = (Path(__file__).parents[3] / "docs" / "studio-writing.md").read_text()


def section(title):
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_step_is_in_the_table():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [
        *("draft", "dialogue", "polish", "translation", "scene_break", "prompt")
    ]
    assert len(writing_steps(None)) == 6


def test_every_genre_is_named_and_the_template_shown_is_one(tmp_path):
    told = section("Genres")
    assert re.findall(r"`(\w+)`[,.]", told.partition("\n")[2].partition("Each is")[0]) == genres()
    (shown,) = re.findall(r"```yaml\n(.*?)```", told, re.DOTALL)
    (tmp_path / "western.yaml").write_text(shown)
    assert read_genre(tmp_path / "western.yaml").tempo_bpm == (60, 90)
    assert yaml.safe_load(shown).keys() == set(genre_of("drama").__struct_fields__)


def test_the_rates_are_those_of_the_code():
    rows = dict(re.findall(r"^\| ([\w, ]+) \| ([\d.]+) \|", section("Shots"), re.MULTILINE))
    told = {name: float(rate) for names, rate in rows.items() for name in names.split(", ")}
    assert told.pop("Han in Japanese") == 1000 * 7 / speech_ms("雨" * 7, "ja")
    renamed = {"Han in Chinese": "CJK", "kana": "HIRAGANA", "digits": "DIGIT"}
    assert {renamed.get(name, name.upper()): rate for name, rate in told.items()} == {
        name: rate for name, rate in LETTERS_PER_S.items() if name != "KATAKANA"
    }


def test_the_prompt_shown_ends_as_all_do():
    assert section("Prompts").split("```")[1].rstrip().endswith(RULE)
