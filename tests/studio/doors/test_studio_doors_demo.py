"""`make demo` ends with a film: one line is changed, and only what depends on it is made again."""

import re
import subprocess
import sys

from studio_doors_stand import BARE, PATIENCE_S

SHORTER = """
import msgspec
from madang_studio.cli import demo
demo._BRIEF = msgspec.structs.replace(demo._BRIEF, minutes=0.15)
demo.command()
"""
"""The demonstration with two shots instead of three, which takes two thirds of the time."""

HOSTILE = {
    "OPENAI_API_KEY": "sk-not-a-real-key",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "MADANG_URL": "http://127.0.0.1:9",
}


def test_the_demonstration_ends_well_and_films_nothing_again(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SHORTER, "--keep", "kept"],
        cwd=tmp_path,
        env={**BARE, **HOSTILE},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    again, whole = map(int, re.search(r"Made again: (\d+) of (\d+) parts", done.stdout).groups())
    assert again < whole
    assert (done.stderr.count("clip of shot"), done.stderr.count("cut 9:16/")) == (2, 3)
    assert "2 shots, 0 of their clips filmed again" in done.stdout
    assert [it.suffix for it in (tmp_path / "kept").iterdir() if it.suffix == ".mp4"] == [".mp4"]
