"""Complexity: the labelled prompts, and what counts beside words."""

from collections import Counter
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec import yaml

from madang.config.scorer import SIGNALS
from madang.model import Image, Media, Message, Request, Text, Tool
from madang.model.request import Reasoning
from madang.routing.auto import (
    Seen,
    count_signals,
    judge,
    judge_counts,
    language_of,
    look_over,
)
from madang.routing.auto.seen import MOST_HEAD, MOST_TAIL
from madang.routing.auto.signals import (
    CLAUSE_SIGNS,
    CODE_MARK_WORDS,
    CODE_MARKS,
    SHAPES,
    SIZES,
    WORDS,
)

LABELLED = yaml.decode((Path(__file__).parent / "auto_prompts.yaml").read_bytes())
DOCS = Path(__file__).parents[2] / "docs" / "routing.md"


def asking(text: str, **more) -> Request:
    return Request(dialect="chat", model="auto", messages=(Message("user", (Text(text),)),), **more)


def right(half: str) -> Counter:
    """How many prompts of each language get the tier of their label."""
    return Counter(
        {
            language: sum(
                judge(look_over(asking(prompt))).tier == tier
                for tier, prompts in tiers.items()
                for prompt in prompts
            )
            for language, tiers in LABELLED[half].items()
        }
    )


def test_the_accuracy_is_the_one_that_the_documentation_states() -> None:
    counts = [len(p) for half in LABELLED.values() for t in half.values() for p in t.values()]
    assert sum(counts) >= 120
    tuned, held = right("tune"), right("held")
    page = DOCS.read_text()
    assert f"{sum(tuned.values())} of 60" in page
    assert f"{sum(held.values())} of 60" in page
    row = " | ".join(f"{held[language]} of 15" for language in ("en", "ko", "zh", "ja"))
    assert row in page


@pytest.mark.parametrize("language", LABELLED["held"])
def test_no_simple_prompt_is_taken_for_a_complex_one_or_the_reverse(language: str) -> None:
    for half in LABELLED.values():
        for tier, prompts in half[language].items():
            found = {judge(look_over(asking(prompt))).tier for prompt in prompts}
            assert {tier, *found} != {"simple", "complex"}


def test_a_verdict_says_what_it_is_made_of() -> None:
    verdict = judge(look_over(asking("Prove it.", tools=(Tool("search"),))))
    assert verdict == ("medium", 2.5, ("reasoning+1.5", "tools+1"), None)


@pytest.mark.parametrize(
    ("request_", "tier"),
    [
        (asking("And this?", tools=(Tool("a"),)), "medium"),
        (asking("And this?", reasoning=Reasoning(effort="low")), "simple"),
        (asking("What now? " * 3_000), "complex"),
        (asking("And this?", system=(Text("You are kind. " * 1_500),)), "medium"),
        (
            Request(
                dialect="chat",
                model="auto",
                messages=(
                    Message("user", (Image(Media(url="https://x/a.png")), Text("And this?"))),
                ),
            ),
            "medium",
        ),
        (
            Request(
                dialect="chat",
                model="auto",
                messages=(Message("user", (Text("And this?"),)),) * 12,
            ),
            "medium",
        ),
    ],
)
def test_what_is_no_word_counts_too(request_: Request, tier: str) -> None:
    assert judge(look_over(request_)).tier == tier


def test_whoever_asks_for_much_thought_asks_something_hard() -> None:
    wish = Reasoning(effort="high")
    assert judge(look_over(asking("Which lock is taken first?", reasoning=wish))).tier != "simple"


def test_of_a_long_question_only_its_beginning_and_end_are_looked_at() -> None:
    seen = look_over(asking("x" * 1_000_000))
    assert len(seen.text) == MOST_HEAD + MOST_TAIL + 1
    assert seen.tokens == 250_000


def test_half_an_emoji_and_no_question_at_all_are_judged_too() -> None:
    assert judge(look_over(asking("\ud83d"))).tier == "simple"
    assert judge(look_over(Request(dialect="chat", model="auto", messages=()))).tier == "simple"


def test_every_size_is_one_that_is_seen_and_weighs_more_with_each_step() -> None:
    assert {size.of for size in SIZES} <= set(Seen._fields)
    for before, size in pairwise(SIZES):
        if before.name == size.name:
            assert (before.of, before.least, before.weight) < (size.of, size.least, size.weight)


def test_what_was_counted_is_judged_like_the_question_itself() -> None:
    """The ledger keeps the counts alone: nothing else may decide."""
    for half in LABELLED.values():
        for prompt in (p for tiers in half.values() for some in tiers.values() for p in some):
            seen = look_over(asking(prompt, tools=(Tool("search"),)))
            assert judge_counts(count_signals(seen)) == judge(seen)


def test_other_rows_of_signals_are_another_version() -> None:
    """Whoever changes a row gives `SIGNALS` a new number, and this its digest: scorers of before no longer fit."""
    rows = repr((WORDS, SIZES, CODE_MARKS, CODE_MARK_WORDS, CLAUSE_SIGNS, SHAPES))
    digests = {1: "f8f2221601b8a841"}
    assert sha256(rows.encode()).hexdigest()[:16] == digests[SIGNALS]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Why?", "other"),
        ("Où est la gare ?", "other"),
        ("API는 뭐의 약자야?", "ko"),
        ("日本の首都は", "ja"),
        ("首都是哪里", "zh"),
        ("What does the sign 中 mean in a sentence of English?", "other"),
        ("", "other"),
    ],
)
def test_a_language_is_told_by_its_script(text: str, language: str) -> None:
    assert language_of(text) == language
