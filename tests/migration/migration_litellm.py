"""What the tests of LiteLLM's import share: entries, the translation, and Madang's own reading of it."""

import yaml

from madang import catalog
from madang.config.load import parse
from madang.config.rules import references
from madang.migration import translate_litellm
from madang.routing.board import Board
from madang.server.process.assembly import assemble, given_providers

CATALOG = catalog.load()


class Anything:
    """Words that a file may hold, for whoever makes one up."""

    SECTIONS = ("model_list", "litellm_settings", "router_settings", "general_settings", "x")
    MODELS = ("openai/gpt-4.1", "azure/d", "gemini/gemini-2.5-flash", "ollama/x", "bedrock/y", "*")
    PARAMS = frozenset(
        {
            *("api_base", "api_key", "rpm", "tpm", "weight", "order", "timeout", "stream_timeout"),
            *("extra_headers", "organization", "region_name", "input_cost_per_token", "tags"),
            *("output_cost_per_token", "custom_llm_provider", "max_parallel_requests"),
            *("supports_vision", "max_input_tokens", "drop_params"),
        }
    )
    KEYS = PARAMS | {
        *("model_name", "litellm_params", "model", "model_info", "id", "fallbacks", "cache"),
        *("cache_params", "ttl", "type", "max_budget", "budget_duration", "request_timeout"),
        *("model_group_alias", "routing_strategy", "default_fallbacks", "m", "n"),
    }


def config(name="m", **params):
    """An entry of `model_list`: OpenAI's gpt-4.1 with a key of the environment, unless said otherwise."""
    given = {"model": "openai/gpt-4.1", "api_key": "os.environ/OPENAI_API_KEY", **params}
    return {"model_name": name, "litellm_params": given}


def translated(*entries, **more):
    """The translation of a text, of a document, or of entries and other sections."""
    first = entries[0] if entries else ""
    if isinstance(first, str):
        return translate_litellm(first, CATALOG)
    document = {"model_list": list(entries), **more} if "model_name" in first else first
    return translate_litellm(yaml.safe_dump(document, sort_keys=False), CATALOG)


def loaded(*entries, made=None, **more):
    """What Madang reads in the translation, every variable set."""
    made = made or translated(*entries, **more)
    environ = {
        one.name: f"https://{one.name.lower().replace('_', '-')}.example" for one in made.variables
    }
    settings = parse(made.text, environ)
    assert references(settings, ()) == ()
    return settings


def served(settings):
    """The names that a gateway with these settings has; raises where it would not start."""
    providers = given_providers(settings, CATALOG, {})
    return assemble(settings.models, providers, CATALOG, Board(), settings.prices).directory


def rows(made):
    """The verdicts by path."""
    return {row.path: row.verdict for row in made.rows}
