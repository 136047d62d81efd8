"""Canaries in the file: their steps, and what cannot be."""

import pytest

from madang.config import parse

PROVIDERS = "providers: {openai: {api_key: k}}\n"


def test_the_public_example_is_a_canary_with_the_usual_ramp():
    text = "canaries: {claude-next: {model: claude-sonnet-4, to: claude/claude-sonnet-4-5, percent: 5}}"
    (canary,) = parse(PROVIDERS + text, {}).canaries.values()
    assert canary.steps == (5, 15, 50, 100)


@pytest.mark.parametrize(
    ("canary", "path"),
    [
        ("{model: m, to: m}", "canaries.c.to"),
        ("{model: m, to: p/n, ramp: [50, 5]}", "canaries.c.ramp"),
        ("{model: m, to: p/n, percent: 0}", "canaries.c.percent"),
        ("{model: m, to: p/n, percent: 101}", "canaries.c.percent"),
        ("{model: m, to: p/n, tolerate: {cost: never}}", "canaries.c.tolerate.cost"),
        ("{model: m}", "canaries.c"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(refused, canary, path):
    assert path in refused(f"{PROVIDERS}canaries: {{c: {canary}}}")


def test_a_model_has_one_canary_at_a_time(refused):
    two = "canaries: {a: {model: m, to: p/n}, b: {model: m, to: p/o}}"
    assert "canaries.b.model" in refused(PROVIDERS + two)
