"""Providers as they are configured: which formats they serve, and how they are shown a key."""

import pytest

from madang import catalog
from madang.config.sections.providers import Provider as Given
from madang.upstream.providers import Provider, build_providers

CATALOG = catalog.load()


def built(name: str, **given: object) -> Provider:
    return build_providers({name: Given(api_key="sk-1", **given)}, CATALOG)[name]


@pytest.mark.parametrize(
    ("provider", "apis"),
    [
        (built("openai"), ("chat", "responses", "embeddings")),
        (built("mistral"), ("chat", "embeddings")),
        (built("anthropic"), ("messages",)),
        (built("gemini"), ("gemini", "gemini_batch_embed", "gemini_embed")),
        (built("own", kind="openai", base_url="http://x/v1"), ("chat", "embeddings")),
        (built("own", kind="openai", base_url="http://x/v1", apis=("messages",)), ("messages",)),
        (
            built("own", kind="openai", base_url="http://x/v1", apis=("gemini", "chat")),
            ("gemini", "chat", "gemini_batch_embed", "gemini_embed", "embeddings"),
        ),
    ],
)
def test_embeddings_come_along_with_the_format_they_stand_beside(provider, apis):
    assert provider.apis == apis


@pytest.mark.parametrize(
    ("name", "api", "line"),
    [
        ("openai", "embeddings", b"authorization: Bearer sk-1\r\n"),
        ("gemini", "gemini_embed", b"x-goog-api-key: sk-1\r\n"),
        ("gemini", "gemini_batch_embed", b"x-goog-api-key: sk-1\r\n"),
        ("azure", "embeddings", b"api-key: sk-1\r\n"),
    ],
)
def test_a_key_is_shown_as_the_provider_wants_it(name, api, line):
    more = {"base_url": "https://name.openai.azure.com/openai/v1"} if name == "azure" else {}
    head = built(name, **more).head(api, "/embeddings")
    assert head.endswith(line)
    assert head.count(b"sk-1") == 1
