"""The cache's memory: it forgets in time, and what was not wanted for longest where there is too much."""

from madang.pipeline.again.cache import Shelf
from madang.pipeline.again.replay import Origin, Told, impersonal, packed, unpacked

KIB = 1024
ORIGIN = Origin("openai", "gpt-4.1", "chat", None, "stop", "ok", None, 12)


def told(size, at_s=0):
    return Told(200, b"", b"x" * size, False, ORIGIN, at_s)


def test_an_answer_is_there_until_its_time():
    shelf = Shelf(100 * KIB, 10)
    shelf.put(b"a", told(10), expires_s=60)
    assert shelf.find(b"a", 59.9) == told(10)
    assert shelf.find(b"a", 60) is None
    assert (len(shelf), shelf.bytes) == (0, 0)


def test_what_was_not_wanted_for_longest_goes_first():
    shelf = Shelf(100 * KIB, 3)
    for name in (b"a", b"b", b"c"):
        shelf.put(name, told(10), 60)
    shelf.find(b"a", 0)
    shelf.put(b"d", told(10), 60)
    assert [bool(shelf.find(name, 0)) for name in (b"a", b"b", b"c", b"d")] == [
        True,
        False,
        True,
        True,
    ]


def test_there_are_never_more_bytes_than_may_be():
    shelf = Shelf(100 * KIB, 1000)
    for n in range(100):
        shelf.put(b"%d" % n, told(9 * KIB), 60)
        assert shelf.bytes <= 100 * KIB
    assert len(shelf) == 10
    shelf.put(b"99", told(KIB), 60)
    assert (len(shelf), shelf.bytes) == (10, 92 * KIB)


def test_no_answer_takes_the_place_of_many():
    shelf = Shelf(100 * KIB, 10)
    shelf.put(b"a", told(10), 60)
    shelf.put(b"b", told(13 * KIB), 60)
    assert (bool(shelf.find(b"a", 0)), shelf.find(b"b", 0)) == (True, None)


def test_a_record_comes_back_as_it_was():
    assert unpacked(packed(told(100, 5))) == told(100, 5)
    assert unpacked(b"another version's") is None


def test_a_head_loses_what_speaks_of_one_request():
    own = b"x-ratelimit-remaining-requests: 3\r\n"
    head = (
        b"content-type: a\r\nx-request-id: r\r\nx-madang-cache: off\r\nx-madang-model: m\r\n" + own
    )
    assert impersonal(head, own) == b"content-type: a\r\nx-madang-model: m\r\n"
