"""`make demo` ends with a film: three shots, one line changed, and only what depends on it made again."""

import re

from studio_doors_stand import studio

HOSTILE = {
    "OPENAI_API_KEY": "sk-not-a-real-key",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "MADANG_URL": "http://127.0.0.1:9",
}


def test_the_demonstration_ends_well_and_films_nothing_again(tmp_path):
    done = studio("demo", "--keep", tmp_path / "kept", cwd=tmp_path, environ=HOSTILE)
    assert done.returncode == 0, done.stderr
    again, whole = map(int, re.search(r"Made again: (\d+) of (\d+) parts", done.stdout).groups())
    assert again < whole / 2
    assert "3 shots, 0 of their clips filmed again" in done.stdout
    assert [it.suffix for it in (tmp_path / "kept").iterdir() if it.suffix == ".mp4"] == [".mp4"]
