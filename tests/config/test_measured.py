"""Likeness is not switched on without a measurement that fits it."""

import json

import pytest

from madang.config.load import load
from madang.config.problems import ConfigError

RATES = {
    "threshold": 0.95,
    "hits": 80,
    "false_hits": 0,
    "false_hit_rate": 0.0,
    "low": 0.0,
    "high": 0.0095,
}
REPORT = {
    "embedder": "e",
    "same": 100,
    "different": 400,
    "measured": RATES,
    "curve": [],
    "pairs": "00",
    "at": "2026-11-20",
}


def loaded(folder, report, **settings):
    """The settings of a file beside a measurement."""
    if report is not None:
        (folder / "m.json").write_text(report if isinstance(report, str) else json.dumps(report))
    semantic = {"embedder": "e", "measured": "m.json", **settings}
    file = folder / "madang.yaml"
    file.write_text(json.dumps({"cache": {"semantic": semantic}}))
    return load(file, {}).cache.semantic


def test_a_measurement_beside_the_file_that_fits_switches_it_on(tmp_path):
    assert loaded(tmp_path, REPORT).threshold == 0.95


@pytest.mark.parametrize(
    ("report", "settings", "why"),
    [
        (None, {}, "cannot be read"),
        ("nonsense", {}, "no measurement"),
        ({**REPORT, "embedder": "f"}, {}, "another embedder"),
        (REPORT, {"threshold": 0.9}, "another threshold, 0.95"),
        ({**REPORT, "different": 380}, {}, "up to 1.00%"),
        ({**REPORT, "measured": {**RATES, "false_hits": 1}}, {}, "raise the threshold"),
        ({**REPORT, "measured": {**RATES, "false_hits": 500}}, {}, "contradict"),
        (REPORT, {"max_false_hit_rate": 0.005}, "allows 0.50%"),
    ],
)
def test_any_other_is_refused_with_what_to_do(tmp_path, report, settings, why):
    with pytest.raises(ConfigError, match=why) as refused:
        loaded(tmp_path, report, **settings)
    assert refused.value.problems[0].path == "cache.semantic.measured"


def test_what_the_report_says_of_its_bound_is_not_believed(tmp_path):
    boasting = {**REPORT, "different": 10, "measured": {**RATES, "high": 0.0}}
    with pytest.raises(ConfigError, match="up to"):
        loaded(tmp_path, boasting)
