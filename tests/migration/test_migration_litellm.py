"""A configuration of LiteLLM as ours: judged by Madang's own reader and by what the values mean."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from migration_litellm import CATALOG, Anything, config, loaded, rows, served, translated

from madang.config.problems import ConfigError
from madang.config.sections.models import FallbackRef, TargetRef

EVERYDAY = (Path(__file__).parent / "litellm_everyday.yaml").read_text()


def test_an_everyday_configuration_loads_and_every_model_leads_somewhere():
    settings = loaded(EVERYDAY)
    directory = served(settings)
    assert all(directory.lookup(name).targets for name in settings.models)
    assert list(settings.models) == [
        *("gpt-4o", "claude", "flash", "local-llama", "tiny", "embed", "draw"),
        "gpt-4",
    ]


def test_every_setting_of_the_file_is_told_of():
    told = [row.path for row in translated(EVERYDAY).rows]
    keys = re.findall(r"[{\s,]([a-z_]+):\s", re.sub("#.*", "", EVERYDAY))
    below = {"guardrails", "model_list[4]"}  # told of as a whole
    missing = [key for key in keys if not any(key in path for path in told)]
    assert below <= set(told)
    assert set(missing) <= {"guardrail_name", "guardrail", "aws_region_name"}


def test_no_secret_of_the_file_is_in_what_is_written_or_told():
    made = translated(EVERYDAY)
    everything = made.text + repr(made.rows) + repr(made.variables) + repr(made.notes)
    for secret in ("in-the-clear", "hidden-in-plain-sight", "9f8e7d6c5b4a", "lf-"):
        assert secret not in everything.replace("which stands in the file in the clear", "")


def test_several_entries_of_one_name_are_several_targets_with_its_shares():
    """Without a strategy LiteLLM shuffles by weight, else by rpm."""
    model = loaded(config(rpm=480), config(rpm=120, api_key="os.environ/OTHER")).models["m"]
    assert model.targets == (TargetRef("openai/gpt-4.1", 4), "openai-2/gpt-4.1")
    assert model.pick == "weighted"


def test_weights_count_more_than_limits_and_fractions_become_whole():
    first, second = config(rpm=9, weight=0.75), config(rpm=9, weight=0.25, api_key="os.environ/B")
    targets = loaded(first, second).models["m"].targets
    assert targets == (TargetRef("openai/gpt-4.1", 3), "openai-2/gpt-4.1")


def test_a_later_order_comes_when_the_first_fail():
    settings = loaded(config(order=2, api_key="os.environ/B"), config(order=1))
    assert settings.models["m"].targets == ("openai-2/gpt-4.1", TargetRef("openai/gpt-4.1", 0))
    assert settings.models["m"].pick == "weighted"


@pytest.mark.parametrize(
    ("strategy", "pick"),
    [
        ("simple-shuffle", "weighted"),
        ("least-busy", "least-busy"),
        ("latency-based-routing", "latency"),
        ("cost-based-routing", "cost"),
        ("usage-based-routing-v2", "least-busy"),
    ],
)
def test_strategies_become_ways_to_pick(strategy, pick):
    more = {"router_settings": {"routing_strategy": strategy}}
    model = loaded(config(), config(api_key="os.environ/B"), **more).models["m"]
    assert model.pick == pick


def test_prices_per_token_are_dollars_per_million_to_the_last_digit():
    """By hand: a million times 0.000000123456789 is 0.123456789."""
    entry = config(
        input_cost_per_token=0.000000123456789,
        output_cost_per_token="1.5e-05",
        cache_read_input_token_cost=0,
        input_cost_per_token_above_200k_tokens=2.5e-7,
    )
    (price,) = loaded(entry).prices
    assert (price.provider, price.model) == ("openai", "gpt-4.1")
    assert (price.input, price.output, price.cache_read) == (Decimal("0.123456789"), 15, 0)
    assert [(tier.tokens, tier.input, tier.output) for tier in price.over] == [
        (200_000, Decimal("0.25"), 15)
    ]


def test_a_price_finer_than_the_ledger_counts_is_not_rounded_in_silence():
    entry = config(input_cost_per_token=1.23456789012e-7, output_cost_per_token=1e-6)
    made = translated(entry)
    assert "prices" not in made.text
    assert rows(made)["model_list[0].litellm_params.input_cost_per_token"] == "left"


def test_fallbacks_go_by_cause_and_default_ones_to_whoever_has_none():
    names = [config(name) for name in ("a", "b", "c")]
    settings = loaded(
        *names,
        litellm_settings={
            "fallbacks": [{"a": ["b"]}],
            "context_window_fallbacks": [{"a": ["c"]}],
            "content_policy_fallbacks": [{"*": ["c"]}],
            "default_fallbacks": ["a"],
        },
    )
    over, filtered = FallbackRef("c", ("context_overflow",)), FallbackRef("c", ("content_filter",))
    assert settings.models["a"].fallback == (over, filtered, "b")
    assert settings.models["b"].fallback == (filtered,)
    assert settings.models["c"].fallback == ("a",)


def test_a_fallback_to_what_is_not_there_is_told_and_not_written():
    made = translated(config(), litellm_settings={"fallbacks": [{"m": ["gone"]}, {"gone": ["m"]}]})
    told = {row.path: row.verdict for row in made.rows if "fallbacks" in row.path}
    assert set(told.values()) == {"left"}
    assert "gone" not in made.text


def test_another_name_of_a_model_has_its_targets_and_its_fallbacks():
    more = {"model_group_alias": {"alias": "m"}, "fallbacks": [{"m": ["other"]}]}
    models = loaded(config(), config("other"), router_settings=more).models
    assert models["alias"] == models["m"]
    assert models["alias"].fallback == ("other",)


MEDIA = [
    ("image_generation", "openai/dall-e-3", "images"),
    ("audio_speech", "openai/tts-1", "speech"),
    ("audio_transcription", "whisper-1", "transcriptions"),
    ("video_generation", "openai/sora-2", "videos"),
    ("image_generation", "openai/some-server", "images"),
]


@pytest.mark.parametrize(("mode", "model", "work"), MEDIA)
@pytest.mark.parametrize("api_base", [None, "http://10.0.0.5:8000/v1"])
def test_a_model_that_makes_media_is_asked_for_media(mode, model, work, api_base):
    entry = config(model=model, **({"api_base": api_base} if api_base else {}))
    entry["model_info"] = {"mode": mode}
    directory = served(loaded(entry))
    assert [target.api for target in directory.resolve("m", work).targets] == [work]


def test_a_chat_is_not_followed_by_a_painter():
    painter = config("p", model="openai/dall-e-3")
    made = translated(painter, config(), litellm_settings={"default_fallbacks": ["p"]})
    assert "fallback" not in made.text
    assert rows(made)["litellm_settings.default_fallbacks[0]"] == "left"


def test_media_of_a_provider_that_is_asked_for_none_is_told():
    entry = config(model="anthropic/draws-some-day")
    entry["model_info"] = {"mode": "image_generation"}
    assert rows(translated(entry))["model_list[0]"] == "left"


def test_a_file_without_anything_of_litellm_names_what_it_has():
    assert rows(translated("modellist: []\nmodel: x\n")) == {
        "modellist": "carried",
        "model": "left",
    }


def test_a_wildcard_lets_the_provider_serve_everything():
    settings = loaded(config("openai/*", model="openai/*"))
    assert settings.providers["openai"].serves == "all"
    assert served(settings).lookup("openai/what-comes-next").targets


@pytest.mark.parametrize("prefix", ["bedrock", "vertex_ai", "sagemaker", "nobody-knows"])
def test_a_cloud_that_is_not_spoken_to_is_told_and_left_out(prefix):
    made = translated(config(), config("x", model=f"{prefix}/some-model"))
    assert rows(made)["model_list[1]"] == "left"
    assert list(loaded(config(), config("x", model=f"{prefix}/some-model")).models) == ["m"]


def test_a_server_of_ones_own_is_not_taken_for_the_vendor():
    """Its models would have the vendor's prices."""
    entry = config(api_base="http://gpu:8000/v1", api_key="sk-clear")
    provider = loaded(entry).providers["gpu-8000"]
    assert (provider.kind, provider.base_url) == ("openai", "http://gpu:8000/v1")


def test_a_key_in_the_clear_never_shares_a_variable_with_one_of_the_environment():
    made = translated(config(api_key="sk-clear"), config("n", api_key="os.environ/OPENAI_API_KEY"))
    keys = re.findall(r"api_key: \$\{(\w+)\}", made.text)
    assert len(set(keys)) == 2
    assert "sk-clear" not in made.text


def test_what_looks_like_a_variable_of_ours_stays_text():
    entry = config(extra_headers={"x-note": "a ${HOME} and $$"})
    assert loaded(entry).providers["openai"].headers == {"x-note": "a ${HOME} and $$"}


def test_a_provider_that_cannot_be_used_is_told_with_its_targets():
    made = translated(config("bad", api_base="http://user:secret@host/v1"), config())
    assert rows(made)["model_list[0]"] == "left"
    assert "secret" not in made.text + repr(made.rows)
    assert list(loaded(config("bad", api_base="http://user:secret@host/v1"), config()).models) == [
        "m"
    ]


def test_credentials_stand_in_for_their_names():
    entry = {"model": "openai/gpt-4.1", "litellm_credential_name": "mine"}
    credentials = [{"credential_name": "mine", "credential_values": {"api_key": "os.environ/MINE"}}]
    entries = [{"model_name": "m", "litellm_params": entry}]
    made = translated({"model_list": entries, "credential_list": credentials})
    assert "api_key: ${MINE}" in made.text


@pytest.mark.parametrize("text", ["a: [", "\t- x", "a: 1\na: 2", "x: !!python/object:os.system {}"])
def test_what_is_no_yaml_is_refused_with_its_line(text):
    with pytest.raises(ConfigError, match=r"config\.yaml:"):
        translated(text)


def test_an_empty_file_makes_an_empty_configuration():
    assert loaded("").models == {}


SECRETS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-$", min_size=6, max_size=20).map(
    "sk{}-".format
)


@given(SECRETS.map(lambda text: f"{text}!"))
def test_no_key_in_the_clear_comes_out_again_wherever_it_stands(secret):
    entry = config(api_key=secret, extra_headers={"x-api-key": secret}, organization="o")
    more = {
        "general_settings": {"master_key": secret, "database_url": secret, "x": secret},
        "litellm_settings": {"cache": True, "cache_params": {"password": secret}},
        "router_settings": {"redis_password": secret, "routing_strategy": secret},
        "environment_variables": {"A": secret},
        "guardrails": [{"api_key": secret}],
    }
    made = translated(entry, **more)
    assert secret not in made.text + repr((made.rows, made.variables, made.notes))
    assert set(loaded(made=made).models) == {"m"}


WORDS = st.characters(exclude_characters="$", codec="utf-8")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec="utf-8"), max_size=12),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(sorted(Anything.KEYS)) | st.text(WORDS, max_size=8), below
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(sorted(Anything.SECTIONS)), VALUES))
def test_whatever_the_file_holds_what_is_written_loads(document):
    made = translated(document)
    served(loaded(made=made))


ENTRIES = st.fixed_dictionaries(
    {
        "model_name": st.sampled_from(["m", "n", "a*", "x y", "gpt-4.1"]) | st.text(max_size=6),
        "litellm_params": st.fixed_dictionaries(
            {"model": st.sampled_from(Anything.MODELS) | st.text(max_size=12)},
            optional=dict.fromkeys(sorted(Anything.PARAMS), VALUES),
        ),
    },
    optional={"model_info": VALUES, "rpm": VALUES},
)


@given(st.lists(ENTRIES, max_size=4), VALUES, VALUES)
def test_whatever_the_entries_hold_what_is_written_loads(entries, litellm, router):
    document = {"model_list": entries, "litellm_settings": litellm, "router_settings": router}
    made = translated(document)
    settings = loaded(made=made)
    directory = served(settings)
    for name in settings.models:
        directory.lookup(name)


def test_the_catalogue_knows_the_providers_of_the_everyday_configuration():
    assert {"azure", "groq", "ollama", "vllm"} <= CATALOG.providers.keys()
