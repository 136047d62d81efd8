"""Two kinds of work, generation and embeddings: names lead only where their work is done."""

import pytest

from madang import catalog
from madang.config.sections.models import Model
from madang.errors import InvalidRequest, UnknownModel
from madang.routing.names.directory import Directory
from madang.routing.names.serving import Serving

CATALOG = catalog.load()
GEMINI_APIS = ("gemini", "gemini_batch_embed", "gemini_embed")
OPENAI = Serving("openai", ("chat", "responses", "embeddings"), home="openai")
ANTHROPIC = Serving("anthropic", ("messages",), home="anthropic")
GEMINI = Serving("gemini", GEMINI_APIS, home="gemini")
OPENROUTER = Serving("openrouter", ("chat", "embeddings"), home="openrouter")
GPU_BOX = Serving("gpu-box", ("chat", "embeddings"))
LISTED = Serving("all-claude", ("messages",), serves_all=True)

SMALL, GOOGLE = "text-embedding-3-small", "gemini-embedding-001"


def directory(*servings: Serving, **models: Model) -> Directory:
    return Directory(models, CATALOG, servings)


@pytest.mark.parametrize(
    ("model", "asked", "api"),
    [
        (SMALL, "embeddings", "embeddings"),
        (SMALL, "gemini_embed", "embeddings"),
        (SMALL, "gemini_batch_embed", "embeddings"),
        (GOOGLE, "embeddings", "gemini_batch_embed"),
        (GOOGLE, "gemini_batch_embed", "gemini_batch_embed"),
        (GOOGLE, "gemini_embed", "gemini_embed"),
        ("gpt-4.1", "completions", "chat"),
        ("gemini-2.5-flash", "completions", "gemini"),
    ],
)
def test_each_is_asked_in_the_format_of_its_work(model, asked, api):
    (target,) = directory(OPENAI, ANTHROPIC, GEMINI).resolve(model, asked).targets
    assert target.api == api


def test_a_reseller_is_asked_in_the_format_it_has():
    targets = directory(OPENROUTER, GEMINI).resolve(GOOGLE, "gemini_embed").targets
    assert [(t.provider, t.api) for t in targets] == [
        ("gemini", "gemini_embed"),
        ("openrouter", "embeddings"),
    ]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("gpt-4.1", "embeddings"),
        ("openai/gpt-4.1", "gemini_embed"),
        ("anthropic/anything", "embeddings"),
        (SMALL, "chat"),
        (f"openai/{SMALL}", "completions"),
        (GOOGLE, "messages"),
    ],
)
def test_other_work_is_refused_by_name(name, asked):
    with pytest.raises(InvalidRequest, match=name) as refused:
        directory(OPENAI, ANTHROPIC, GEMINI).resolve(name, asked)
    assert refused.value.code == "unsupported_model"


def test_a_provider_without_embeddings_neither_serves_nor_lists_their_models():
    """`serves: all` means all that it can do; and what nobody serves is unknown."""
    names = directory(LISTED)
    assert SMALL not in names.names()
    assert "gpt-4.1" in names.names()
    with pytest.raises(UnknownModel):
        names.resolve(SMALL, "embeddings")


def test_a_model_that_nobody_knows_may_do_either():
    names = directory(GPU_BOX)
    assert names.resolve("gpu-box/nomic-embed-text", "embeddings").targets[0].api == "embeddings"
    assert names.resolve("gpu-box/nomic-embed-text", "chat").targets[0].api == "chat"


def test_a_configured_name_has_those_targets_that_do_the_work():
    both = Model(targets=("openai/gpt-4.1", f"gemini/{GOOGLE}", f"openai/{SMALL}"))
    names = directory(OPENAI, GEMINI, both=both)
    assert [t.model for t in names.resolve("both", "chat").targets] == ["gpt-4.1"]
    assert [t.model for t in names.resolve("both", "embeddings").targets] == [GOOGLE, SMALL]


@pytest.mark.parametrize("model", [Model(targets=(f"openai/{SMALL}",)), Model()])
def test_a_configured_name_is_refused_for_other_work(model):
    names = directory(OPENAI, **{SMALL: model})
    assert names.resolve(SMALL, "embeddings").targets[0].model == SMALL
    with pytest.raises(InvalidRequest, match=SMALL):
        names.resolve(SMALL, "chat")


def test_a_lookup_finds_the_work_that_a_name_does():
    names = directory(OPENAI, ANTHROPIC, vectors=Model(targets=(f"openai/{SMALL}",)))
    assert names.lookup("gpt-4.1").targets[0].api == "chat"
    assert names.lookup("vectors").targets[0].api == "embeddings"
    assert all(names.lookup(name).targets for name in names.names())
    with pytest.raises(UnknownModel):
        names.lookup("no-such-model")


def test_a_fallback_of_other_work_is_found_out_by_looking():
    wrong = Model(targets=(f"openai/{SMALL}",), fallback=("gpt-4.1",))
    with pytest.raises(InvalidRequest, match=r"gpt-4\.1"):
        directory(OPENAI, vectors=wrong).lookup("vectors")
