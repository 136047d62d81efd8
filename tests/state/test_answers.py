"""Answers that can be given again: one claimant per name, and nothing outlives its time or its bound."""

import pytest

from madang.state.answers import CachedAnswers, IdempotentAnswers
from madang.state.store import Store

NOW = 1_800_000_000.0
ASKED, OTHER = b"\1" * 32, b"\2" * 32


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path)
    yield opened
    opened.close()


def test_a_cached_answer_is_found_until_it_expires(store):
    cached = CachedAnswers(store)
    cached.keep(ASKED, b"one", NOW, NOW + 60)
    cached.keep(ASKED, b"two", NOW, NOW + 60)
    assert cached.find(ASKED, NOW + 59) == b"two"
    assert cached.find(ASKED, NOW + 60) is None
    assert cached.find(OTHER, NOW) is None


def test_the_oldest_cached_answers_go_first(store):
    cached = CachedAnswers(store)
    for n in range(5):
        cached.keep(bytes([n]), b"x" * 100, NOW + n, NOW + 1000)
    assert cached.purge(NOW + 10, 250) == 3
    assert [cached.find(bytes([n]), NOW) is None for n in range(5)] == [True] * 3 + [False] * 2
    assert cached.purge(NOW + 1000, 250) == 2


def test_a_name_is_claimed_once_until_it_is_given_up(store):
    mine, theirs = IdempotentAnswers(store, "a"), IdempotentAnswers(store, "b")
    assert mine.claim("key", "n", ASKED, NOW, NOW + 10).state == "mine"
    assert theirs.claim("key", "n", ASKED, NOW, NOW + 10).state == "running"
    assert theirs.claim("key", "n", OTHER, NOW, NOW + 10).state == "other"
    theirs.release("key", "n")
    assert theirs.claim("key", "n", ASKED, NOW, NOW + 10).state == "running"
    mine.release("key", "n")
    assert theirs.claim("key", "n", ASKED, NOW, NOW + 10).state == "mine"


def test_a_claim_that_is_not_renewed_is_lost_with_its_process(store):
    mine, theirs = IdempotentAnswers(store, "a"), IdempotentAnswers(store, "b")
    mine.claim("key", "n", ASKED, NOW, NOW + 10)
    mine.renew("key", "n", NOW + 20)
    assert theirs.claim("key", "n", ASKED, NOW + 19, NOW + 30).state == "running"
    assert theirs.claim("key", "n", ASKED, NOW + 20, NOW + 30).state == "mine"
    assert mine.keep("key", "n", b"late", NOW + 99) is False
    assert theirs.keep("key", "n", b"answer", NOW + 99) is True
    assert mine.claim("key", "n", ASKED, NOW + 98, NOW + 99) == ("done", b"answer")


def test_names_belong_to_the_callers_key(store):
    answers = IdempotentAnswers(store, "a")
    answers.claim("one", "n", ASKED, NOW, NOW + 10)
    assert answers.claim("other", "n", OTHER, NOW, NOW + 10).state == "mine"


def test_each_key_has_room_for_so_much_and_what_is_being_answered_stays(store):
    answers = IdempotentAnswers(store, "a")
    for n in range(4):
        answers.claim("key", f"n{n}", ASKED, NOW + n, NOW + 10)
        if n:
            answers.keep("key", f"n{n}", b"x" * 100, NOW + 1000)
    assert answers.purge(NOW + 5, 250) == 1
    states = [answers.claim("key", f"n{n}", ASKED, NOW + 5, NOW + 6).state for n in range(4)]
    assert states == ["running", "mine", "done", "done"]
