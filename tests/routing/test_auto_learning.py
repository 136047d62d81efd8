"""A scorer learned from examples: held against a world that the test made up, and a likelihood written out by hand."""

from dataclasses import dataclass
from math import exp, inf, log
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import yaml

from madang.config.scorer import LoadedScorer, Tally
from madang.model import Message, Request, Text
from madang.routing.auto import count_signals, judge_counts, look_over
from madang.routing.auto.judge import TIERS, features
from madang.routing.auto.learning import PULL, SLOPE, Example, learn
from madang.routing.auto.measuring import fold, luck, train
from madang.routing.auto.signals import SHAPES

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "routing.md").read_text()
LANGUAGES = ("en", "ko", "zh", "ja")
HIDDEN = {"reasoning": 0.3, "code": 2.0, "conditions": 2.5, "length": 1.2, "size": 0.6}
"""Weights of a world in which the rules are wrong; the thresholds are theirs."""

SPANS = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2)]
COUNTS = st.dictionaries(st.sampled_from(sorted(HIDDEN)), st.integers(1, 3))
EXAMPLES = st.lists(
    st.builds(
        lambda number, counts, span, weight: Example(
            f"{number}", number, "ko", counts, *span, "rating", weight
        ),
        st.integers(0, 30),
        COUNTS,
        st.sampled_from(SPANS),
        st.sampled_from([0.5, 1.0]),
    ),
    max_size=30,
)


@dataclass(frozen=True)
class World:
    """Where what a question needs follows from `HIDDEN`, and chance."""

    random: Random

    def example(self, number: int, slope: float = SLOPE) -> Example:
        """A question drawn at random, labelled with the tier that it needs here."""
        counts = {name: self.random.randrange(4) for name in HIDDEN} | {
            "size": self.random.randrange(1, 9)
        }
        counts = {name: count for name, count in counts.items() if count}
        score = sum(HIDDEN.get(name, 0.0) * value for name, value in features(counts).items())
        drawn = self.random.random()
        noise = log(drawn / (1 - drawn)) / slope
        tier = sum(score + noise > threshold for threshold in (1.0, 4.25))
        return Example(f"{number}", number, LANGUAGES[number % 4], counts, tier, tier, "label")


def by_hand(examples: list[Example], weights: dict[str, float], low: float, high: float) -> float:
    """Minus the logarithm of the chance of all examples, and the penalty, as the docstring has them."""
    begun = {name: 0.0 if name in SHAPES else 1.0 for name in weights}
    total = sum(PULL * (weights[name] - begun[name]) ** 2 / 2 for name in weights)
    total += 0.2 * ((low - 1) ** 2 + (high - 4.25) ** 2) / 2
    for one in examples:
        score = sum(weights[name] * value for name, value in features(one.counts).items())
        edges = [0.0 if edge == -inf else 1.0 if edge == inf else 1 / (1 + exp(-SLOPE * (edge - score)))
                 for edge in (-inf, low, high, inf)]  # fmt: skip
        total -= one.weight * log(edges[one.most + 1] - edges[one.least])
    return total


def labelled(name: str, half: str = "") -> list[Example]:
    """The prompts of a file with labels, as examples."""
    found = yaml.decode((HERE / name).read_bytes())
    if not half:
        rows = [(row["id"], row["tier"], each, row[each]) for row in found for each in LANGUAGES]
    else:
        rows = [
            (f"{half} {tier} {number}", tier, language, prompt)
            for language, tiers in found[half].items()
            for tier, prompts in tiers.items()
            for number, prompt in enumerate(prompts)
        ]
    return [
        Example(key, 0, language, counted(prompt), TIERS.index(tier), TIERS.index(tier), "label")
        for key, tier, language, prompt in rows
    ]


def counted(prompt: str) -> dict[str, int]:
    message = Message("user", (Text(prompt),))
    return count_signals(look_over(Request(dialect="chat", model="auto", messages=(message,))))


def right(learned: list[Example], asked: list[Example]) -> int:
    """How many of other examples a scorer is right for that learned from some."""
    trained = LoadedScorer("", scorer=train(learned, "hash", "").scorer, name="")
    return sum(judge_counts(one.counts, trained).tier == TIERS[one.least] for one in asked)


PLAIN = labelled("auto_plain.yaml")
TUNED, HELD = (labelled("auto_prompts.yaml", half) for half in ("tune", "held"))


def test_a_rule_that_nobody_told_it_is_found_from_examples() -> None:
    world = World(Random(5))
    found = train([world.example(number, slope=8) for number in range(600)], "hash", "2026-11-20")
    assert found.scorer.measured is not None
    assert found.scorer.measured.all.scorer >= 0.9 * 600
    assert found.scorer.measured.all.rules <= 0.75 * 600


def test_weights_and_thresholds_are_those_of_the_world() -> None:
    world = World(Random(6))
    found = learn([world.example(number) for number in range(3000)])
    assert {name: found.weights[name] for name in HIDDEN} == pytest.approx(HIDDEN, abs=0.25)
    assert found.thresholds == pytest.approx((1.0, 4.25), abs=0.3)


def test_nothing_near_what_was_learned_is_likelier() -> None:
    world = World(Random(7))
    examples = [world.example(number) for number in range(60)]
    examples += [one._replace(least=0, most=1, weight=0.5) for one in examples if one.most < 2]
    found = learn(examples)
    low, high = found.thresholds
    best = by_hand(examples, found.weights, low, high)
    for step in (0.01, -0.01):
        for name, weight in found.weights.items():
            assert by_hand(examples, {**found.weights, name: weight + step}, low, high) > best
        assert by_hand(examples, found.weights, low + step, high) > best
        assert by_hand(examples, found.weights, low, high + step) > best


def test_verdicts_about_two_models_are_enough_to_find_it() -> None:
    """Nobody says which tier is right, only whether the smaller model of two was as good."""
    world, examples = World(Random(8)), []
    for number in range(800):
        one = world.example(number)
        smaller = number % 2
        span = (0, smaller) if one.most <= smaller else (smaller + 1, 2)
        examples.append(one._replace(least=span[0], most=span[1], source="rating"))
    found = learn(examples)
    assert {name: found.weights[name] for name in HIDDEN} == pytest.approx(HIDDEN, abs=0.45)


@given(EXAMPLES, st.randoms(use_true_random=False))
def test_the_same_examples_teach_the_same_in_any_order(
    examples: list[Example], random: Random
) -> None:
    shuffled = list(examples)
    random.shuffle(shuffled)
    assert learn(shuffled) == learn(examples)


@given(EXAMPLES)
def test_no_round_makes_it_worse_and_thresholds_stay_in_order(examples: list[Example]) -> None:
    found = learn(examples)
    assert list(found.losses) == sorted(found.losses, reverse=True)
    assert found.thresholds[0] < found.thresholds[1]


def test_without_examples_the_rules_are_left_as_they_are() -> None:
    found = learn([])
    assert found.thresholds == (1.0, 4.25)
    assert found.weights == dict.fromkeys(SHAPES, 0.0)


def test_a_request_with_a_signal_that_few_examples_had_is_left_to_the_rules() -> None:
    trained = LoadedScorer("", scorer=train(PLAIN, "hash", "").scorer, name="abc")
    assert judge_counts({"size": 9, "length": 3}, trained).signals[0] == "scorer abc"
    assert judge_counts({"size": 1, "thinking": 1}, trained) == (
        "complex",
        4.5,
        ("thinking+4.5",),
        None,
    )


def test_a_verdict_of_a_scorer_names_its_five_weightiest_reasons() -> None:
    trained = LoadedScorer("", scorer=train(PLAIN + TUNED, "hash", "").scorer, name="abc")
    counts = counted(
        "Prove that this code must stop, explain why, and give me 3 rules: a plan, a list."
    )
    told = judge_counts(counts, trained).signals
    sizes = [abs(float(one[max(one.find("+"), one.find("-")) :])) for one in told[1:]]
    assert len(told) == 6
    assert sizes == sorted(sizes, reverse=True)


def test_versions_of_one_question_are_never_on_both_sides() -> None:
    assert all(
        len({fold(one) for one in PLAIN if one.id == key}) == 1 for key in {p.id for p in PLAIN}
    )
    assert {fold(one) for one in PLAIN} == set(range(5))


def test_by_time_the_latest_fifth_is_held_out() -> None:
    world = World(Random(9))
    examples = [world.example(number) for number in range(100)]
    found = train(examples, "time", "")
    assert [one.example.at_us for one in found.held] == list(range(80, 100))
    assert found.scorer == train(examples[::-1], "time", "").scorer


def test_silence_is_learned_from_and_never_measured() -> None:
    world = World(Random(10))
    examples = [world.example(number) for number in range(50)]
    quiet = [one._replace(id=f"q{one.id}", source="silence", weight=0.1) for one in examples]
    found = train(examples + quiet, "hash", "").scorer
    assert found.examples == {"label": 50, "silence": 50}
    assert found.measured is not None
    assert found.measured.all.examples == 50


def test_the_cost_is_that_of_the_tiers_that_were_chosen() -> None:
    found = train(PLAIN, "hash", "", (1.0, 2.0, 10.0))
    by = {
        who: sum((1, 2, 10)[getattr(one, who)] for one in found.held) for who in ("scorer", "rules")
    }
    assert found.scorer.measured is not None
    assert found.scorer.measured.cost == pytest.approx(by["scorer"] / by["rules"] - 1)
    assert train(PLAIN, "hash", "", (1.0, None, 10.0)).scorer.measured.cost is None


def test_the_chance_of_luck_is_that_of_a_fair_coin() -> None:
    assert luck(5, 0) == 1 / 32
    assert luck(3, 1) == 5 / 16


def test_the_page_states_what_was_measured_on_the_plain_prompts() -> None:
    measured = train(PLAIN, "hash", "").scorer.measured
    assert measured is not None
    found = measured.all
    assert f"| thirty questions, each fifth in turn | {told(found)} |" in PAGE
    for key, tally in measured.languages.items():
        assert f"| {key} | {tally.scorer} of 30 | {tally.rules} of 30 |" in PAGE
    for needed, counts in measured.confusion.items():
        rules = measured.rules_confusion[needed]
        assert (
            f"| {needed} | {', '.join(map(str, counts))} | {', '.join(map(str, rules))} |" in PAGE
        )


def test_the_page_states_what_becomes_of_prompts_of_another_hand() -> None:
    assert (
        f"| the thirty questions, then the half `held` | {right(PLAIN, HELD)} of 60 | 56 of 60 |"
        in PAGE
    )
    both = right(PLAIN + TUNED, HELD)
    assert (
        f"| the thirty questions and the half `tune`, then `held` | {both} of 60 | 56 of 60 |"
        in PAGE
    )
    assert (
        f"| the half `tune`, then the thirty questions | {right(TUNED, PLAIN)} of 120 | 34 of 120 |"
        in PAGE
    )
    alone = [one._replace(counts={"size": one.counts["size"]}) for one in PLAIN]
    measured = train(alone, "hash", "").scorer.measured
    assert f"length alone is right for {measured.all.scorer} of 120" in PAGE


def told(tally: Tally) -> str:
    return (
        f"{tally.scorer} of {tally.examples} | {tally.rules} of {tally.examples} | {tally.middle}"
    )
