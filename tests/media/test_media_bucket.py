"""Files in a bucket of a real server of S3: whole or not there, and every refusal said in our words."""

import asyncio
import datetime
import time

import obstore
import pytest

from madang import catalog
from madang.config.sections.providers import Provider
from madang.errors import NotFound, ProviderBroken, ProviderFailed, StoreUnavailable
from madang.media.files.bucket import Bucket
from madang.media.files.shelf import Folder
from madang.media.jobs.fetching import Fetcher
from madang.model.media import Clip
from madang.upstream.providers import build_providers
from madang.upstream.public import Private
from madang.upstream.transport import Transport
from stand.bucket import BUCKET, Buckets

MIB = 1024 * 1024
PLACE = f"s3://{BUCKET}/clips"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    running = Buckets(tmp_path_factory.mktemp("buckets"))
    yield running
    running.close()


@pytest.fixture
def environ(served, monkeypatch):
    """The environment of a gateway whose files are there."""
    for name, value in served.environ.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def bucket(environ):
    return Bucket(PLACE)


async def _pieces(*given, failing=None):
    for piece in given:
        yield piece
    if failing is not None:
        failing()


async def _read(bucket, name, start, end):
    return b"".join([piece async for piece in bucket.read(name, start, end)])


def _put(bucket, name, *given, failing=None):
    return asyncio.run(bucket.put(name, _pieces(*given, failing=failing)))


def test_a_file_is_kept_under_the_prefix_and_any_part_of_it_read(bucket, served):
    assert _put(bucket, "a.mp4", b"0123", b"456789") == 10
    assert served.files()["clips/a.mp4"] == 10
    parts = [asyncio.run(_read(bucket, "a.mp4", *part)) for part in ((0, 10), (2, 5), (9, 10))]
    assert parts == [b"0123456789", b"234", b"9"]


def test_a_large_file_goes_in_parts_and_comes_back_the_same(bucket, served):
    pieces = [bytes([number]) * MIB for number in range(20)]
    assert _put(bucket, "large.mp4", *pieces) == 20 * MIB
    assert asyncio.run(_read(bucket, "large.mp4", 0, 20 * MIB)) == b"".join(pieces)
    seen = asyncio.run(_read(bucket, "large.mp4", 8 * MIB - 1, 8 * MIB + 1))
    assert seen == b"\x07\x08"


def test_what_is_kept_is_listed_and_what_is_dropped_is_gone(bucket, served):
    _put(bucket, "b.mp4", b"film")
    listed = {row["path"] for row in obstore.list(bucket._store).collect()}
    assert "b.mp4" in listed
    asyncio.run(bucket.drop(["b.mp4", "never.mp4"]))
    assert "clips/b.mp4" not in served.files()
    with pytest.raises(NotFound):
        asyncio.run(_read(bucket, "b.mp4", 0, 4))


@pytest.mark.parametrize("size_mib", [1, 20])
def test_a_file_whose_source_breaks_off_is_not_there(bucket, served, size_mib):
    def cut():
        raise ProviderBroken("cut off")

    with pytest.raises(ProviderBroken, match="cut off"):
        _put(bucket, "cut.mp4", *[bytes(MIB)] * size_mib, failing=cut)
    assert "clips/cut.mp4" not in served.files()


def test_a_bucket_that_is_not_there_is_named_as_such(environ):
    for size_mib in (1, 20):
        with pytest.raises(StoreUnavailable, match="no such bucket"):
            _put(Bucket("s3://nowhere/clips"), "a.mp4", *[bytes(MIB)] * size_mib)


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_denied_credentials_are_said_and_no_message_has_them(environ, served, bucket, name):
    _put(bucket, "denied.mp4", b"film")
    environ.setenv(name, "wrong-PLANTED")
    denied = Bucket(PLACE)
    with pytest.raises(StoreUnavailable, match=r"credentials|access key") as refused:
        _put(denied, "other.mp4", b"film")
    assert "PLANTED" not in str(refused.value)
    with pytest.raises((StoreUnavailable, NotFound)):  # some say so of an unknown access key
        asyncio.run(_read(denied, "denied.mp4", 0, 4))
    assert served.files()["clips/denied.mp4"] == 4


def test_a_server_that_goes_away_in_mid_upload_leaves_no_half_of_a_file(bucket, served):
    """And the same file can be put there when it is back."""
    try:
        with pytest.raises(StoreUnavailable, match="does not answer"):
            _put(bucket, "late.mp4", *[bytes(MIB)] * 12, failing=served.kill)
        with pytest.raises(StoreUnavailable, match="does not answer"):
            asyncio.run(_read(bucket, "late.mp4", 0, 4))
    finally:
        served.start()
    assert "clips/late.mp4" not in served.files()
    assert _put(bucket, "late.mp4", *[bytes(MIB)] * 12) == 12 * MIB


def test_a_bucket_without_credentials_is_not_asked_for_ever(environ):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        environ.delenv(name)
    environ.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")  # where a cloud's machines ask
    with pytest.raises(StoreUnavailable, match="cannot be kept"):
        _put(Bucket(PLACE), "a.mp4", b"film")


def _fetched(tmp_path, url):
    """Fetch a clip as a maker names it: a maker's own bucket, on a host of ours that is listed."""
    row = Provider(kind="openai", base_url="http://maker.invalid/v1", api_key="key-PLANTED")
    maker = build_providers({"maker": row}, catalog.load())["maker"]

    async def story():
        transport = Transport(environ={})
        transport.allow_private(Private.of(["127.0.0.1"]))
        try:
            fetcher = Fetcher(transport, Folder(tmp_path), maker, 0, MIB)
            return await fetcher.keep("video_1", (Clip(url=url, keyed=False),))
        finally:
            await transport.close()

    return asyncio.run(story())


def test_a_signed_address_of_a_makers_bucket_is_fetched_and_an_expired_one_is_said(
    bucket, tmp_path
):
    _put(bucket, "made.mp4", b"film")
    brief, lasting = (
        obstore.sign(bucket._store, "GET", "made.mp4", datetime.timedelta(seconds=seconds))
        for seconds in (1, 600)
    )
    assert _fetched(tmp_path, lasting).size == 4
    assert (tmp_path / "video_1.mp4").read_bytes() == b"film"
    time.sleep(2.1)  # the server counts whole seconds
    (tmp_path / "video_1.mp4").unlink()
    for address in (brief, lasting.partition("?")[0]):
        with pytest.raises(ProviderFailed, match=r"maker answered 40[03] for the file"):
            _fetched(tmp_path, address)
    assert list(tmp_path.iterdir()) == []
