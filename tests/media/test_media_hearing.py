"""Strangers who call cannot make this gateway ask others without end."""

import asyncio
from types import SimpleNamespace

import pytest

from madang import catalog
from madang.config.sections.providers import Provider
from madang.config.settings import Settings
from madang.media.jobs.hearing import KeySets, token_for
from madang.upstream.providers import build_providers
from madang.upstream.transport import Transport

KEYS = b'{"keys": []}'
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(KEYS), KEYS)
BAD = b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"


@pytest.mark.parametrize(("answer", "known"), [(GOOD, {"keys": []}), (BAD, None)])
@pytest.mark.parametrize("fresh", [False, True])
def test_keys_are_asked_for_once_however_many_call(answer, known, fresh):
    asked = []

    async def serve(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def play():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        home = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        row = Provider(kind="fal", base_url=home, api_key="k", webhook_keys=f"{home}/jwks")
        transport = Transport(environ={})
        kit = SimpleNamespace(
            settings=Settings(providers={"fal": row}),
            pipeline=SimpleNamespace(transport=transport),
        )
        provider = build_providers({"fal": row}, catalog.load())["fal"]
        keys = KeySets(kit)
        found = await asyncio.gather(*(keys.of(provider, fresh=fresh) for _ in range(20)))
        await transport.close()
        server.close()
        return found

    assert asyncio.run(play()) == [known] * 20
    assert len(asked) == 1
    assert b"authorization" not in asked[0].lower()


def test_the_word_of_an_order_opens_no_other():
    words = {token_for(secret, name) for secret in ("a", "b") for name in ("v-0", "v-1")}
    assert len(words) == 4
    assert all(len(word) == 40 for word in words)
