"""Addresses, names, keys and references: what the shape of the file alone cannot say."""

import json

import pytest

from madang.config import parse, references


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.5:8000/v1",
        "https://api.example.com",
        "https://[::1]:8443/openai/",
        "HTTP://localhost:11434/v1",
    ],
)
def test_a_base_url_is_http_with_a_host(url):
    assert parse(f"providers: {{a: {{base_url: '{url}'}}}}", {}).providers["a"].base_url == url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("api.example.com/v1", "http://"),
        ("ftp://a.test", "http://"),
        ("file:///etc/passwd", "http://"),
        ("https://", "not a URL"),
        ("https:///v1", "not a URL"),
        ("https://a.test:99999", "not a URL"),
        ("https://a.test:0", "not a URL"),
        ("https://a.test:x", "not a URL"),
        ("https://a b.test", "not a URL"),
        ("https://a.test/v1\\r\\nx: y", "not a URL"),
        ("https://a.test/ü", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://user:pass@a.test", "no user or password"),
        ("https://a.test/v1?key=1", "no `?`"),
        ("https://a.test/v1#x", "no `?`"),
        ("", "http://"),
    ],
)
def test_any_other_base_url_is_refused(refused, url, words):
    problem = refused(f'providers: {{a: {{base_url: "{url}"}}}}')["providers.a.base_url"]
    assert words in problem.message
    assert "pass" not in problem.message.removesuffix("password; write the key as `api_key`")


@pytest.mark.parametrize("name", ["a/b", "a b", "-a", "é", "''", "a" * 65])
def test_a_providers_name_fits_before_a_slash(refused, name):
    messages = [problem.message for problem in refused(f"providers:\n  {name}: {{}}\n").values()]
    assert "a provider's name is" in messages[0]


@pytest.mark.parametrize("name", ["'a b'", "é", "''", '"a\\n"', "m" * 257])
def test_a_models_name_is_one_printable_word(refused, name):
    messages = [problem.message for problem in refused(f"models:\n  {name}: {{}}\n").values()]
    assert "a model's name is" in messages[0]


def test_names_of_models_may_hold_slashes_colons_and_dots():
    names = ["meta-llama/Llama-3.3-70B", "llama3:8b", "anthropic.claude-v2:1", "gpt-4.1@2026"]
    assert (
        list(parse(f"models: {{{', '.join(f'{name!r}: {{}}' for name in names)}}}", {}).models)
        == names
    )


@pytest.mark.parametrize("target", ["gpt-4.1", "openai/", "/gpt", "a b/c", "a/b c", "''"])
def test_a_target_is_provider_slash_model(refused, target):
    for written in (target, f"{{to: {target}}}"):
        (problem,) = refused(f"models:\n  m:\n    targets:\n      - {written}\n").values()
        assert problem.line == 4
        assert "`provider/model`" in problem.message


def test_a_fallback_is_another_model(refused):
    problems = refused("models: {m: {fallback: [m, 'a b', {to: m}]}}")
    assert list(problems) == [
        "models.m.fallback[0]",
        "models.m.fallback[1]",
        "models.m.fallback[2].to",
    ]


def test_some_target_has_a_weight(refused):
    text = "models: {m: {targets: [{to: a/b, weight: 0}, {to: a/c, weight: 0}]}}"
    assert "models.m.targets" in refused(text)
    assert parse(text.replace("weight: 0}]", "weight: 1}]"), {})


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        ("{api_key: ''}", "api_key"),
        ("{api_key: 'a b'}", "api_key"),
        ('{api_key: "a\\n"}', "api_key"),
        ("{api_key: é}", "api_key"),
        ("{api_keys: [a, '']}", "api_keys[1]"),
        ("{api_key: a, api_keys: [b]}", "api_keys"),
        ("{region: 'a b'}", "region"),
        ("{headers: {'a b': x}}", "headers.a…"),
        ('{headers: {a: "x\\ny: z"}}', "headers.a"),
        ("{headers: {Content-Length: '5'}}", "headers.Content-Length"),
    ],
)
def test_what_cannot_be_sent_is_refused(refused, provider, path):
    assert list(refused(f"providers: {{p: {provider}}}")) == [f"providers.p.{path}"]


def test_a_target_at_a_provider_that_is_not_there_is_found():
    settings = parse(
        "providers: {mine: {}}\nmodels: {m: {targets: [mine/a, openia/b, {to: gemini/c}]}}", {}
    )
    (problem,) = references(settings, ["openai", "gemini"])
    assert problem.path == "models.m.targets[1]"
    assert "Did you mean `openai`?" in problem.message


def test_places_of_ones_own_are_hosts_addresses_and_networks():
    entries = [
        "files.internal",
        "10.20.0.0/16",
        "192.168.1.5",
        "fd00::/8",
        "::1",
        "minio",
        "cafe.b",
    ]
    assert parse(
        json.dumps({"media": {"allow_private": entries}}), {}
    ).media.allow_private == tuple(entries)
    assert parse("{}", {}).media.allow_private == ()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("http://files.internal", "no host"),
        ("files.internal:9000", "no host"),
        ("*.internal", "no host"),
        ("10.0.0", "no host"),
        ("10.0.0.0/99", "no host"),
        ("", "no host"),
        ("a b", "no host"),
        ("10.20.0.1/16", "10.20.0.0/16"),
        ("0.0.0.0/0", "is everything"),
        ("::/0", "is everything"),
    ],
)
def test_a_place_that_could_mean_anything_is_refused(refused, entry, words):
    problem = refused(f"media: {{allow_private: ['{entry}']}}")["media.allow_private"]
    assert words in problem.message


@pytest.mark.parametrize(
    "origin", ["https://a.test", "http://localhost:3000", "http://[::1]:3", "*"]
)
def test_an_origin_is_what_browsers_send(origin):
    assert parse(f"server: {{origins: ['{origin}']}}", {}).server.origins == (origin,)


@pytest.mark.parametrize(
    "origin", ["a.test", "https://a.test/", "https://A.test", "null", "https://*"]
)
def test_any_other_origin_is_refused(refused, origin):
    problem = refused(f"server: {{origins: ['{origin}']}}")["server.origins[0]"]
    assert "https://chat.example" in problem.message
