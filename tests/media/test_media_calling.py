"""A provider's key goes to its own address, and nobody's network is read through us."""

import asyncio

import pytest

from madang import catalog
from madang.config.sections.providers import Provider
from madang.errors import ProviderBroken, ProviderTimedOut, ProviderUnreachable
from madang.media.calling import call, is_lost
from madang.upstream.providers import build_providers
from madang.upstream.transport import Transport, Unanswered
from madang.wire.media.contract import Outgoing

KEY = "sk-PLANTED-and-never-sent-elsewhere"


def _ask(**outgoing):
    given = {"shop": Provider(kind="openai", base_url="https://shop.example/v1", api_key=KEY)}
    provider = build_providers(given, catalog.load())["shop"]

    async def ask():
        return await call(Transport(), provider, Outgoing(method="GET", **outgoing), 0)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:8080/api/keys",
        "https://10.0.0.5/clip.mp4",
        "http://[::1]/clip.mp4",
    ],
)
def test_a_file_at_a_private_address_is_not_fetched(url):
    with pytest.raises(ProviderBroken, match="private"):
        _ask(path=url, keyed=False)


@pytest.mark.parametrize(
    "url", ["https://shop.example@evil.example/x", "http://shop.example/v1/x", "https://8.8.8.8/x"]
)
def test_the_key_goes_nowhere_but_home(url):
    with pytest.raises(ProviderBroken):
        _ask(path=url)


@pytest.mark.parametrize("path", ["/a b", "/a\r\nx: y", "https://shop.example/\u00e9"])
def test_an_address_that_is_none_is_not_asked(path):
    with pytest.raises(ProviderBroken):
        _ask(path=path)


def test_what_may_have_arrived_is_told_from_what_cannot_have():
    lost = [Unanswered("x"), ProviderTimedOut("x", phase="first_byte"), ProviderBroken("x")]
    certain = [ProviderUnreachable("x"), ProviderTimedOut("x", phase="connect")]
    assert [is_lost(one) for one in (*lost, *certain)] == [True] * 3 + [False] * 2
