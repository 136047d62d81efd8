"""What is known of a target: the catalogue's word, its provider's, and last its model's."""

from test_directory import CATALOG, OPENAI, directory

from madang.config.sections.models import LongContext, Model
from madang.routing.names.serving import Serving

GROQ = Serving("groq", ("chat",), home="groq")
BOX = Serving("box", ("chat",), features={"tools": False, "audio_input": True}, context_window=8192)


def test_the_catalogue_says_what_a_model_lacks_and_holds() -> None:
    (target,) = directory(OPENAI).resolve("gpt-4.1", "chat").targets
    assert target.lacks == {"audio_input", "audio_output", "video_input"}
    assert (target.context_window, target.max_output) == (1_047_576, 32_768)


def test_and_what_a_provider_does_with_no_model() -> None:
    (target,) = directory(GROQ).resolve("groq/gpt-oss-120b", "chat").targets
    assert target.lacks >= {"images", "n", "logprobs"}


def test_settings_of_a_provider_hold_for_all_its_models() -> None:
    (known,) = directory(BOX).resolve("box/gpt-4.1", "chat").targets
    assert known.lacks == {"tools", "audio_output", "video_input"}
    assert (known.context_window, known.max_output) == (8192, 32_768)
    (unknown,) = directory(BOX).resolve("box/new", "chat").targets
    assert (unknown.lacks, unknown.context_window) == ({"tools"}, 8192)


def test_settings_of_a_model_have_the_last_word_on_all_its_targets() -> None:
    model = Model(
        targets=("box/gpt-4.1", "openai/gpt-4.1"),
        features={"tools": True, "images": False},
        context_window=100,
        max_output=10,
    )
    targets = directory(BOX, OPENAI, models={"m": model}).resolve("m", "chat").targets
    assert [target.lacks for target in targets] == [
        {"images", "audio_output", "video_input"},
        {"images", "audio_input", "audio_output", "video_input"},
    ]
    assert {(target.context_window, target.max_output) for target in targets} == {(100, 10)}


def test_a_model_that_nobody_knows_lacks_nothing() -> None:
    (target,) = directory(OPENAI).resolve("openai/some-new-model", "chat").targets
    assert (target.lacks, target.context_window, target.max_output) == (frozenset(), None, None)


def test_the_window_of_an_embedding_model_is_each_texts_and_not_the_requests() -> None:
    embedding = Serving("openai", ("chat", "embeddings"), home="openai")
    (target,) = directory(embedding).resolve("text-embedding-3-small", "embeddings").targets
    assert CATALOG.models["text-embedding-3-small"].context_window
    assert target.context_window is None


def test_a_long_prompts_way_begins_elsewhere_and_comes_back() -> None:
    model = Model(
        targets=("openai/gpt-4o",),
        fallback=("openai/o3",),
        long_context=LongContext("openai/gpt-4.1", 50_000),
    )
    route = directory(OPENAI, models={"m": model}).resolve("m", "chat")
    assert [target.model for target in route.targets] == ["gpt-4o"]
    assert route.threshold_tokens == 50_000
    assert [target.model for target in route.longer.targets] == ["gpt-4.1"]
    assert [one.targets[0].model for one in route.longer.fallbacks] == ["gpt-4o", "o3"]
    assert {target.model for target in route.every_target()} == {"gpt-4o", "gpt-4.1", "o3"}


def test_models_may_fall_back_to_one_another() -> None:
    models = {
        "a": Model(targets=("openai/gpt-4o",), fallback=("b",)),
        "b": Model(targets=("openai/o3",), fallback=("a",)),
    }
    route = directory(OPENAI, models=models).resolve("a", "chat")
    assert [fallback.targets[0].model for fallback in route.fallbacks] == ["o3"]
