"""What LiteLLM writes before a model's name, and which provider of ours that is.

The prefixes: https://docs.litellm.ai/docs/providers, read on 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from madang.catalog import Catalog, ProviderRow

_NOT_SERVED: Final[Mapping[str, str]] = {
    "bedrock": "Madang does not speak Amazon Bedrock; ask the vendor itself, or OpenRouter",
    "bedrock_converse": "Madang does not speak Amazon Bedrock; ask the vendor itself, or OpenRouter",
    "sagemaker": "Madang does not speak Amazon SageMaker",
    "sagemaker_chat": "Madang does not speak Amazon SageMaker",
    "vertex_ai": "Madang does not speak Vertex AI; the same models are at `gemini` with an API key",
    "vertex_ai_beta": "Madang does not speak Vertex AI; the same models are at `gemini` with an API key",
    "watsonx": "Madang does not speak watsonx",
    "replicate": "Madang does not speak Replicate",
    "azure_ai": "give it by hand: kind `openai` with its `base_url`, if it speaks OpenAI's format",
    "azure_text": "completions are asked as chats; give the deployment as `azure/…`",
    "text-completion-openai": "completions are asked as chats; give the model as `openai/…`",
}

_OPENAI_COMPATIBLE: Final = frozenset(
    {
        *("openai_like", "custom_openai", "litellm_proxy", "xinference", "llamafile"),
        *("vllm", "docker_model_runner", "infinity", "meta_llama", "databricks"),
    }
)
_RENAMED: Final[Mapping[str, str]] = {
    "cohere_chat": "cohere",
    "azure": "azure",
    "text-completion-codestral": "mistral",
    "openai_chat": "openai",
}


class Vendor(Struct, frozen=True):
    """Where a model is: the catalogue's row (None: only known by its address), and its id there."""

    row: ProviderRow | None
    model: str


def vendor_of(model: str, provider: str | None, catalog: Catalog) -> Vendor | str:
    """Who serves what LiteLLM calls `model` (`provider` as it says beside it); or why nobody does."""
    prefix, slash, rest = model.partition("/")
    if provider is not None:
        prefix, rest = provider, rest if slash and prefix == provider else model
    elif not slash:
        return _bare(model, catalog)
    prefix = prefix.lower()
    if prefix in _NOT_SERVED:
        return _NOT_SERVED[prefix]
    if prefix in ("openai", "azure"):
        rest = rest.removeprefix("responses/")
    if prefix in _OPENAI_COMPATIBLE:
        return Vendor(catalog.providers.get(prefix), rest)
    row = _row(_RENAMED.get(prefix, prefix), catalog)
    if row is not None:
        return Vendor(row, rest)
    return (
        "the catalogue has no such provider; if it speaks OpenAI's format, give it by hand: "
        "kind `openai` with its `base_url`"
    )


def _bare(model: str, catalog: Catalog) -> Vendor | str:
    """A name without a prefix is OpenAI's, Anthropic's and so on, as LiteLLM knows it."""
    if model == "*":
        return "callers ask for `PROVIDER/MODEL` of any provider that has a key: list those"
    row = catalog.find(model)
    if row is None:
        return "it names no provider: write `openai/…` or another before the name"
    if row.home == "gemini":
        return _NOT_SERVED["vertex_ai"]
    return Vendor(catalog.providers[row.home], model)


def _row(prefix: str, catalog: Catalog) -> ProviderRow | None:
    found = catalog.providers.get(prefix)
    if found is not None:
        return found
    return next((row for row in catalog.providers.values() if prefix in row.aliases), None)
