"""No scorer judges without a measurement that speaks for it; a new file is taken up while the gateway runs."""

import json

import pytest

from madang.config import ConfigError, Watcher
from madang.config.load import load, load_alone
from madang.config.scorer import SIGNALS, LoadedScorer

TALLY = {"examples": 100, "scorer": 80, "rules": 60, "middle": 30}
MEASURED = {
    "split": "hash",
    "all": TALLY,
    "languages": {"ko": TALLY},
    "confusion": {"simple": [1, 2, 3]},
    "rules_confusion": {},
    "only_scorer": 30,
    "only_rules": 10,
}
SCORER = {
    "signals": SIGNALS,
    "weights": {"size": 1.5},
    "thresholds": [1.0, 4.0],
    "examples": {"rating": 100},
    "at": "2026-11-20",
    "measured": MEASURED,
}


def written(folder, scorer, setting="scorer.json"):
    """A configuration beside a scorer."""
    if scorer is not None:
        text = scorer if isinstance(scorer, str) else json.dumps(scorer)
        (folder / "scorer.json").write_text(text)
    file = folder / "madang.yaml"
    model = {"tiers": {"simple": "a", "complex": "b"}, "scorer": setting}
    file.write_text(json.dumps({"models": {"auto": model}}))
    return file


def measured(**tally):
    return {**SCORER, "measured": {**MEASURED, "all": {**TALLY, **tally}}}


def test_a_scorer_beside_the_configuration_is_read_and_named(tmp_path):
    found = load(written(tmp_path, SCORER), {}).models["auto"].scorer
    assert isinstance(found, LoadedScorer)
    assert found.scorer.weights == {"size": 1.5}
    other = load(written(tmp_path, {**SCORER, "at": "2026-11-21"}), {}).models["auto"].scorer
    assert len(found.name) == len(other.name) == 8
    assert found.name != other.name


@pytest.mark.parametrize(
    ("scorer", "why"),
    [
        (None, "cannot be read"),
        ("nonsense", "no scorer"),
        ({**SCORER, "weights": {"size": 1e999}}, "no scorer"),
        ({**SCORER, "weights": {"size": "1"}}, "no scorer"),
        ({**SCORER, "import": "os"}, "no scorer"),
        ({**SCORER, "signals": SIGNALS + 1}, "train it again"),
        ({**SCORER, "thresholds": [4.0, 1.0]}, "out of order"),
        ({**SCORER, "measured": None}, "never measured"),
        (measured(examples=0, scorer=0, rules=0, middle=0), "never measured"),
        (measured(scorer=101), "contradict"),
        (measured(scorer=60), "no better than the rules: right for 60 of 100"),
        (measured(scorer=59), "accept: true"),
    ],
)
def test_any_other_is_refused_with_what_to_do(tmp_path, scorer, why):
    file = written(tmp_path, scorer)
    with pytest.raises(ConfigError, match=why) as refused:
        load(file, {})
    assert refused.value.problems[0].path == "models.auto.scorer"
    assert load_alone(file, {}).models["auto"].scorer == "scorer.json"


def test_accepting_takes_one_that_is_no_better_and_nothing_else(tmp_path):
    setting = {"file": "scorer.json", "accept": True}
    assert load(written(tmp_path, measured(scorer=10), setting), {}).models["auto"].scorer.accept
    with pytest.raises(ConfigError, match="never measured"):
        load(written(tmp_path, {**SCORER, "measured": None}, setting), {})


def test_a_scorer_without_tiers_judges_nothing(tmp_path):
    file = written(tmp_path, SCORER)
    file.write_text(
        "models: {a: {targets: [openai/x], scorer: scorer.json}}\nproviders: {openai: {api_key: k}}"
    )
    with pytest.raises(ConfigError, match="has none"):
        load(file, {})


def looks(watcher):
    """What some looks in a row bring."""
    return [news for news in (watcher.changed() for _ in range(6)) if news is not None]


def test_another_file_of_the_same_name_is_taken_up(tmp_path):
    watcher = Watcher(written(tmp_path, SCORER), {})
    before = watcher.settings.models["auto"].scorer
    assert looks(watcher) == []
    written(tmp_path, {**SCORER, "thresholds": [2.0, 4.0]})
    assert [news.models["auto"].scorer.scorer.thresholds for news in looks(watcher)] == [(2.0, 4.0)]
    assert watcher.settings.models["auto"].scorer.name != before.name


def test_a_broken_scorer_leaves_the_last_good_one_until_it_is_repaired(tmp_path):
    watcher = Watcher(written(tmp_path, SCORER), {})
    good = watcher.settings
    (tmp_path / "scorer.json").unlink()
    assert [type(news) for news in looks(watcher)] == [ConfigError]
    assert watcher.settings == good
    written(tmp_path, SCORER)
    assert looks(watcher) == [good]


def test_a_scorer_that_is_trained_after_it_was_named_is_taken_up(tmp_path):
    file = tmp_path / "madang.yaml"
    file.write_text("log: json\n")
    watcher = Watcher(file, {})
    written(tmp_path, None)
    assert [type(news) for news in looks(watcher)] == [ConfigError]
    (tmp_path / "scorer.json").write_text(json.dumps(SCORER))
    assert [bool(news.models["auto"].scorer.name) for news in looks(watcher)] == [True]
