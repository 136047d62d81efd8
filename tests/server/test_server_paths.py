"""Paths as callers have them: with a base URL that lacks its version, or has a slash too many."""

import openai
import pytest

from madang.errors import NotFound
from madang.server.paths import find, listed

OPENAI = [path for path in listed() if path.startswith("/v1/") and not path.startswith("/v1/v1/")]


@pytest.mark.parametrize("path", OPENAI)
def test_a_path_is_the_same_without_its_version(path):
    """LiteLLM serves both, and its documentation shows base URLs without."""
    assert find(path.removeprefix("/v1")) == find(path)


def test_a_client_of_litellm_keeps_its_base_url(gateway, key):
    client = openai.OpenAI(base_url=gateway.url, api_key=key, max_retries=0)
    answer = client.chat.completions.create(
        model="oa/unversioned", messages=[{"role": "user", "content": "Hello"}]
    )
    assert answer.choices[0].message.content
    assert client.models.list().data


@pytest.mark.parametrize(
    "path", ["//v1/chat/completions", "/v1//chat/completions", "/v1/chat/completions/"]
)
def test_a_slash_too_many_is_told_with_the_path_that_is_meant(path):
    with pytest.raises(NotFound, match=r"but at /v1/chat/completions: the base URL has a slash"):
        find(path)


def test_what_is_nowhere_is_told_in_the_dialect_of_the_caller(gateway, key):
    headers = {"anthropic-version": "2023-06-01"}
    answer = gateway.call("POST", "/v2/messages", key, json={}, headers=headers)
    assert answer.status_code == 404
    assert answer.json()["type"] == "error"
    assert "/api/openapi.json" in answer.json()["error"]["message"]


def test_the_administration_never_leads_to_an_address_of_its_own(gateway):
    """Behind a proxy that ends TLS a redirect would lead to plain HTTP, or nowhere."""
    answer = gateway.call("GET", "/api/keys/")
    assert answer.status_code == 404
    assert "There is nothing at /api/keys/." in answer.json()["error"]["message"]
