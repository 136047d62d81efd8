"""What providers really answered, through the gateway over HTTP, as callers of every dialect receive it."""

from collections import Counter

import pytest
from recordings_remainders import ANSWERS, accepted
from recordings_traffic import ALL, musts

from stand.traffic import needs_recordings

pytestmark = [pytest.mark.recordings, needs_recordings]


def test_nothing_is_lost_on_the_way(exchanges, tell):
    """No difference that must not be, but for those that are accepted one by one."""
    played, differing, faults, used = Counter(), Counter(), [], set()
    for exchange in exchanges:
        played[exchange.pair] += 1
        found = musts(exchange)
        differing[exchange.pair] += bool(found)
        for difference in found:
            row = accepted(ANSWERS, exchange.recording.name, exchange.client, difference.field)
            used.add(row)
            if row is None:
                faults.append((exchange.recording.name, exchange.client, exchange.pace, difference))
    for pair, count in sorted(played.items()):
        tell(f"answers of {pair}: {count - differing[pair]} of {count} without a difference")
    assert faults == []
    assert not ALL or used == {*ANSWERS}, "a remainder is not needed any more"


@pytest.mark.skipif(not ALL, reason="a share of all exchanges: MADANG_RECORDINGS=all")
def test_at_least_995_of_1000_answers_have_no_difference_at_all(exchanges):
    clean = sum(not musts(exchange) for exchange in exchanges)
    assert clean >= 0.995 * len(exchanges)


def test_the_cut_of_the_bytes_changes_nothing(exchanges):
    views = {}
    for exchange in exchanges:
        if exchange.recording.has_stream:
            view = exchange.view()
            for call in view["tool_calls"]:
                del call["id"]  # made of the id of the request, where the provider gave none
            views.setdefault((exchange.recording.name, exchange.client), []).append(view)
    assert views
    for place, (whole, cut) in views.items():
        assert whole == cut, place


def test_a_refusal_looks_like_one_of_the_callers_dialect(exchanges):
    for exchange in exchanges:
        if exchange.recording.status >= 400:
            body = exchange.got.json
            shape = {"messages": {"type", "error"}}.get(exchange.client, {"error"})
            assert shape <= body.keys() <= shape | {"request_id"}, exchange.recording.name


def test_every_answer_names_its_request(exchanges):
    names = [exchange.got.request_id for exchange in exchanges]
    assert all(names)
    assert len({*names}) == len(names)
