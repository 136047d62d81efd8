"""A provider's file is bounded, is a film, and bears our name and no type that a browser would run."""

import asyncio

import pytest
from msgspec.structs import replace

from madang import catalog
from madang.config.sections.providers import Provider
from madang.errors import ProviderBroken, ProviderFailed
from madang.media.files.shelf import Folder
from madang.media.jobs.fetching import Fetcher
from madang.model.media import Clip
from madang.upstream.providers import build_providers
from madang.upstream.public import Private
from madang.upstream.transport import Transport

FILM = b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: 4\r\n\r\nfilm"


def _keep(tmp_path, answers, *clips, most=1_000, private=()):
    """Keep clips of a provider that answers a path so; what was kept, and the paths that were asked for.

    `{port}` in an answer or a clip's address is the port of the provider.
    """
    asked = []

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split()[1].decode())
        answer = answers.get(asked[-1], b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n")
        port = writer.get_extra_info("sockname")[1]
        writer.write(answer.replace(b"{port}", b"%d" % port))
        await writer.drain()
        writer.close()

    async def play():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        row = Provider(kind="openai", base_url=f"http://127.0.0.1:{port}/v1", api_key="k")
        provider = build_providers({"shop": row}, catalog.load())["shop"]
        transport = Transport(environ={})
        transport.allow_private(Private.of(private))
        there = [replace(one, url=one.url and one.url.format(port=port)) for one in clips]
        try:
            fetcher = Fetcher(transport, Folder(tmp_path), provider, 0, most)
            return await fetcher.keep("video_1", tuple(there))
        finally:
            await transport.close()
            server.close()

    return asyncio.run(play()), asked


@pytest.mark.parametrize(
    "mime", ["text/html", "video/mp4\r\nset-cookie: x=1", "../../etc/x", "VIDEO/MP4; a=b", ""]
)
def test_a_type_that_is_not_known_is_not_passed_on(tmp_path, mime):
    kept, _ = _keep(tmp_path, {}, Clip(mime=mime, data=b"film"))
    assert (kept.mime, kept.file) == ("video/mp4", "video_1.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["video_1.mp4"]


def test_a_drawing_with_scripts_is_served_as_a_photograph(tmp_path):
    clips = (Clip(data=b"film"), Clip(mime="image/svg+xml", data=b"<svg onload=x>"))
    kept, _ = _keep(tmp_path, {}, *clips)
    assert (kept.thumbnail, kept.thumbnail_mime) == ("video_1.thumbnail.jpg", "image/jpeg")


def test_a_page_in_place_of_a_file_is_none(tmp_path):
    page = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nsorry"
    with pytest.raises(ProviderFailed, match="text/html"):
        _keep(tmp_path, {"/v1/a": page}, Clip(url="/a", keyed=True))
    assert list(tmp_path.iterdir()) == []


def test_a_redirection_is_followed_as_it_was_meant(tmp_path):
    moved = b"HTTP/1.1 302 Found\r\nlocation: b?sign=1\r\ncontent-length: 0\r\n\r\n"
    answers = {"/v1/clips/a": moved, "/v1/clips/b?sign=1": FILM}
    kept, asked = _keep(tmp_path, answers, Clip(url="/clips/a", keyed=True))
    assert asked == ["/v1/clips/a", "/v1/clips/b?sign=1"]
    assert kept.size == 4


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/x", "//10.0.0.1/x", "http://[::1]:1/x", "file:///etc/passwd"]
)
def test_a_redirection_leads_into_no_network_of_ours(tmp_path, target):
    moved = f"HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n".encode()
    with pytest.raises((ProviderBroken, ProviderFailed)):
        _keep(tmp_path, {"/v1/a": moved}, Clip(url="/a", keyed=True))
    assert list(tmp_path.iterdir()) == []


def test_redirections_in_a_circle_end(tmp_path):
    moved = b"HTTP/1.1 302 Found\r\nlocation: a\r\ncontent-length: 0\r\n\r\n"
    with pytest.raises(ProviderFailed, match="from one address to the next"):
        _keep(tmp_path, {"/v1/a": moved}, Clip(url="/a", keyed=True))


@pytest.mark.parametrize("clip", [Clip(data=b"film"), Clip(url="/a", keyed=True)])
def test_what_is_too_large_is_not_kept(tmp_path, clip):
    with pytest.raises(ProviderBroken, match="larger"):
        _keep(tmp_path, {"/v1/a": FILM}, clip, most=3)
    assert list(tmp_path.iterdir()) == []


ELSEWHERE = "http://localhost:{port}/files/a"
"""Another host than the provider's, at a private address."""


@pytest.mark.parametrize("private", [["localhost"], ["127.0.0.0/8", "::1"]])
def test_a_file_host_of_ones_own_is_reached_where_it_is_listed(tmp_path, private):
    moved = f"HTTP/1.1 302 Found\r\nlocation: {ELSEWHERE}\r\ncontent-length: 0\r\n\r\n".encode()
    answers = {"/files/a": FILM, "/v1/a": moved}
    for clip in (Clip(url=ELSEWHERE, keyed=False), Clip(url="/a", keyed=True)):
        kept, asked = _keep(tmp_path, answers, clip, private=private)
        assert kept.size == 4
        assert asked[-1] == "/files/a"


@pytest.mark.parametrize("private", [[], ["files.internal"], ["10.0.0.0/8"]])
def test_a_file_host_that_is_not_listed_stays_refused(tmp_path, private):
    with pytest.raises(ProviderBroken, match="allow_private"):
        _keep(tmp_path, {"/files/a": FILM}, Clip(url=ELSEWHERE, keyed=False), private=private)


def test_a_listed_host_leads_to_no_other(tmp_path):
    """A redirection from a place that is allowed is judged like any other."""
    moved = (
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:{port}/b\r\ncontent-length: 0\r\n\r\n"
    )
    clip = Clip(url=ELSEWHERE, keyed=False)
    with pytest.raises(ProviderBroken, match=r"127\.0\.0\.2"):
        _keep(tmp_path, {"/files/a": moved}, clip, private=["localhost"])
    assert list(tmp_path.iterdir()) == []
