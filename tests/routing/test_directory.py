"""Names of models: what callers ask for, and the targets that answer."""

import pytest

from madang import catalog
from madang.config.sections.models import FallbackRef, Model, TargetRef
from madang.errors import UnknownModel
from madang.routing.names.directory import Directory, allowed
from madang.routing.names.serving import Serving
from madang.routing.route import Route

CATALOG = catalog.load()
OPENAI = Serving("openai", ("chat", "responses"), home="openai")
ANTHROPIC = Serving("anthropic", ("messages",), home="anthropic")
GEMINI = Serving("gemini", ("gemini",), home="gemini")
OPENROUTER = Serving("openrouter", ("chat",), home="openrouter")
GPU_BOX = Serving("gpu-box", ("chat",), region="self")
PLAYGROUND = Serving("playground", ("chat", "responses", "messages", "gemini"), serves_all=True)

G3 = [
    "gpt-4.1",
    "openai/gpt-4.1",
    "deepseek/deepseek-chat-v3-2",
    "google/gemini-2.5-flash-preview",
    "claude-sonnet-4-20250514",
    "deepseek-v3",
    "deepseek-v3.2",
    "deepseek-chat-v3.2",
    "llama-4-scout-17b-128e-instruct",
    "deepseek/deepseek-reasoner",
    "google/gemini-2.0-flash-exp",
    "google/gemini-exp",
    "openai/gpt-4o",
    "openai/gpt-4o-mini",
    "openai/gpt-4-turbo",
    "anthropic/claude-sonnet-4-20250514",
    "anthropic/claude-3-5-sonnet-20241022",
    "anthropic/claude-3-5-haiku-20241007",
    "claude-sonnet-4",
    "claude-sonnet-4.5",
    "gemini-2.5-flash",
    "llama-4-scout",
    "llama-4-maverick",
]


def directory(*servings: Serving, models: dict[str, Model] | None = None) -> Directory:
    return Directory(models or {}, CATALOG, servings)


@pytest.mark.parametrize("name", G3)
def test_every_name_people_use_leads_somewhere_in_the_playground(name: str) -> None:
    (target,) = directory(PLAYGROUND).resolve(name, "chat").targets
    assert target.provider == "playground"
    assert target.canonical is not None


def test_a_bare_name_goes_to_the_vendor_first_and_then_to_resellers() -> None:
    targets = directory(OPENROUTER, OPENAI).resolve("gpt-4.1", "chat").targets
    assert [(t.provider, t.model) for t in targets] == [
        ("openai", "gpt-4.1"),
        ("openrouter", "openai/gpt-4.1"),
    ]


def test_a_qualified_name_goes_to_that_provider_even_if_the_model_is_new() -> None:
    (target,) = directory(OPENAI).resolve("openai/some-new-model", "chat").targets
    assert (target.provider, target.model, target.canonical) == ("openai", "some-new-model", None)


def test_a_provider_of_ones_own_gets_the_name_as_it_was_asked() -> None:
    (target,) = directory(GPU_BOX).resolve("gpu-box/llama-4-scout", "chat").targets
    assert (target.model, target.canonical, target.region) == (
        "llama-4-scout",
        "llama-4-scout",
        "self",
    )


def test_a_snapshot_is_passed_on_to_its_vendor_as_asked() -> None:
    (target,) = directory(OPENAI).resolve("gpt-4.1-2025-04-14", "chat").targets
    assert (target.model, target.canonical) == ("gpt-4.1-2025-04-14", "gpt-4.1")


def test_a_vendor_that_is_not_configured_does_not_hide_who_else_serves_its_model() -> None:
    (target,) = directory(OPENROUTER).resolve("anthropic/claude-sonnet-4", "messages").targets
    assert (target.provider, target.model) == ("openrouter", "anthropic/claude-sonnet-4")


def test_an_unknown_name_is_refused_with_the_nearest_ones() -> None:
    with pytest.raises(UnknownModel, match="gpt-4\\.1"):
        directory(OPENAI).resolve("gpt-4.11", "chat")


def test_the_models_own_format_is_preferred_where_the_provider_speaks_it() -> None:
    names = directory(PLAYGROUND)
    assert names.resolve("claude-sonnet-4", "chat").targets[0].api == "messages"
    assert names.resolve("gemini-2.5-flash", "messages").targets[0].api == "gemini"
    assert names.resolve("gpt-4.1", "messages").targets[0].api == "chat"


def test_a_configured_model_keeps_its_targets_weights_and_fallbacks() -> None:
    model = Model(
        targets=("openai/gpt-4.1", TargetRef("gpu-box/gpt-4.1", 2)),
        pick="weighted",
        fallback=("claude-sonnet-4", FallbackRef("gemini-2.5-flash", ("context_overflow",))),
    )
    names = directory(OPENAI, ANTHROPIC, GEMINI, GPU_BOX, models={"fast": model})
    route = names.resolve("fast", "chat")
    assert [t.weight for t in route.targets] == [1, 2]
    assert [f.targets[0].provider for f in route.fallbacks] == ["anthropic", "gemini"]
    assert route.fallbacks[1].causes == {"context_overflow"}


@pytest.mark.parametrize("target", ["nowhere/gpt-4.1", "gpt-4.1"])
def test_a_configured_model_that_leads_nowhere_is_refused_by_name(target: str) -> None:
    names = directory(ANTHROPIC, models={"fast": Model(targets=(target,))})
    with pytest.raises(UnknownModel, match="fast"):
        names.resolve("fast", "chat")


def test_only_served_models_are_listed_and_configured_ones_come_first() -> None:
    names = directory(
        ANTHROPIC, models={"mine": Model(targets=("anthropic/claude-sonnet-4",))}
    ).names()
    assert names[0] == "mine"
    assert "claude-sonnet-4" in names
    assert "gpt-4.1" not in names


def test_unknown_qualified_names_cannot_fill_the_memory() -> None:
    names = directory(OPENAI)
    for number in range(50_000):
        names.resolve(f"openai/x-{number}", "chat")
    assert len(names._routes) <= 20_000


def test_a_key_may_be_limited_to_names_globs_or_canonical_names() -> None:
    route: Route = directory(PLAYGROUND).resolve("claude-sonnet-4-20250514", "chat")
    assert allowed((), route, "claude-sonnet-4-20250514")
    assert allowed(("claude-*",), route, "claude-sonnet-4-20250514")
    assert allowed(("claude-sonnet-4",), route, "claude-sonnet-4-20250514")
    assert not allowed(("gpt-*",), route, "claude-sonnet-4-20250514")
