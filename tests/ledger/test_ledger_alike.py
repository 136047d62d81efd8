"""Attempts that are alike leave the same facts behind as those that are written one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_reading import NOV_20_2026_US
from msgspec.structs import replace

from madang.ledger.claim import Claim
from madang.ledger.open import Alike, Begun, UnderWay, left_behind

texts = st.text(max_size=60)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("open")


def used(facts):
    """As it is after the first of them."""
    alike = Alike(facts)
    alike.use()
    alike.use()
    return alike


def left_by(place, begin):
    """What is left behind of a writer that `begin` has put one attempt on record with."""
    under_way = UnderWay(Claim(place, "w0"))
    begin(under_way)
    under_way.flush()
    (path,) = place.glob("*.open")
    left = left_behind(path.read_bytes())
    under_way.end([0])
    under_way.close()
    return left


@given(
    names=st.tuples(texts, texts, texts, texts),
    tags=st.dictionaries(texts, texts, max_size=3),
    price=st.none() | texts,
    numbers=st.tuples(st.integers(0, 99), st.integers(0, 2**40), st.booleans()),
)
def test_the_same_is_read_again(place, names, tags, price, numbers):
    key, asked, model, provider = names
    n, tokens, streamed = numbers
    facts = Begun(
        *("req_a", n, NOV_20_2026_US, key, None, tags, "chat", asked, model, provider, "chat"),
        *("eu", streamed, tokens, price),
    )
    alike = used(replace(facts, request_id="", n=0, at_us=0, input_tokens=0))
    left = left_by(place, lambda it: it.begin_alike(alike, "req_a", n, NOV_20_2026_US, tokens))
    assert left == left_by(place, lambda it: it.begin(facts))
    assert len(left[0]) == 1
    assert left[1] == []


def test_what_cannot_be_written_is_cut_as_always(place):
    """Lone surrogates, and more than a slot holds."""
    odd = Begun(
        *("req_a", 0, 1, "key", None, {"a": "x" * 900}, "chat", "\ud800", "m", "p", "chat"),
        *(None, False, 5, None),
    )
    ((facts, _),), refused = left_by(place, lambda it: it.begin_alike(used(odd), "req_b", 2, 7, 9))
    assert refused == []
    assert (facts.request_id, facts.n, facts.at_us, facts.input_tokens) == ("req_b", 2, 7, 9)
    assert facts.tags == {}
