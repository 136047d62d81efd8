"""What comes from outside is bounded, and amounts of money are exact."""

from fractions import Fraction

import msgspec
import pytest

from madang_studio.graph.estimates import Estimator
from madang_studio.model.brief import Brief
from madang_studio.store import Project
from madang_studio.store.money import Rate


@pytest.mark.parametrize(
    "fields",
    [
        *({"captions": [tag]} for tag in ("en\n", "../en", "e", "EN", "en" + "-abcdefgh" * 9)),
        {"language": "ko\n"},
        {"burned": "ko/../../x"},
        {"captions": ["en"] * 41},
        {"exports": ["1:1"] * 4},
        {"minutes": float("nan")},
        {"budget_usd": float("inf")},
        {"theme": "x" * 2_001},
        {"theme": ""},
    ],
)
def test_a_brief_has_bounds_and_its_languages_are_tags(fields):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"theme": "a letter", **fields}, Brief)
    assert msgspec.convert({"theme": "a", "language": "zh-Hans-CN"}, Brief).language == "zh-Hans-CN"


def test_an_estimate_is_exact_where_a_float_would_not_be():
    """(10**17 + 1) / 7 has no exact binary form; seven of it are the same amount again."""
    rate = Rate(Fraction(10**17 + 1, 7), 1.0)
    assert Estimator(lambda *_: rate).of("clip", "m", 7).nusd == 10**17 + 1
    prices = {("voice", "m"): Fraction(15_000_000_001, 1_000_000)}
    assert Estimator(lambda *_: None, prices).of("voice", "m", 10**6).nusd == 15_000_000_001


def test_what_a_step_took_before_is_a_fraction_of_whole_nano_dollars(tmp_path):
    project = Project(tmp_path, create=True)
    row = "INSERT INTO artefacts (stamp, step, model, content, cost_nusd, amount, seconds, made) "
    with project._database.transaction() as transaction:
        for stamp, nusd, amount in (("a", 1, 3), ("b", 1, 4)):
            transaction.write(
                f"{row} VALUES (?, 'clip', 'm', 'c', ?, ?, 1, 1)", stamp, nusd, amount
            )
    rate = project.money.rate("clip", "m")
    project.close()
    assert rate == Rate(Fraction(2, 7), 1.0)
