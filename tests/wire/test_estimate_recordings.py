"""Estimates, judged by what providers counted for recorded requests; the page of the docs shows the same figures."""

import re
from pathlib import Path

import pytest
from estimate_traffic import answers, error, prompts, tables

from stand.traffic import needs_recordings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "token-estimate.md"
pytestmark = [pytest.mark.recordings, needs_recordings]
MEDIAN = {"Grok": 0.30, "Qwen": 0.20, "others": 0.20, "gpt-oss": 0.20}
"""Bounds of the median error of prompts; xAI and several hosts add system prompts of changing length."""


def test_half_of_all_prompts_are_estimated_within_fifteen_percent():
    for family, (read, _) in prompts().items():
        assert read.median <= MEDIAN.get(family, 0.15), (family, read)
        assert abs(read.bias) <= 0.10, (family, read)


def test_estimates_from_the_body_alone_stay_within_thirty_percent():
    for family, (_, raw) in prompts().items():
        assert raw.median <= 0.30, (family, raw)


def test_four_bytes_a_token_is_near_enough_for_answers():
    for family, found in answers().items():
        if found.count >= 5:
            assert found.median <= 0.35, (family, found)


def test_the_documentation_shows_these_figures():
    shown = {_row(line): line for line in DOCS.read_text("utf-8").splitlines()}
    for line in tables().splitlines():
        figures = [int(figure) for figure in re.findall(r"(-?\d+) %", line)]
        told = re.findall(r"(-?\d+) %", shown.get(_row(line), ""))
        assert all(abs(a - int(b)) <= 3 for a, b in zip(figures, told, strict=False)), line
        assert bool(told) == bool(figures), line


def _row(line: str) -> tuple[str, int]:
    """A row's family, and how many columns its table has."""
    return line[2:].partition(" |")[0], line.count("|")


def test_errors_are_summed_up_as_said():
    assert error([-0.5, 0.1, 0.2]) == (3, 0.2, 0.2, 0.1)
