"""How long answers would take: as long as they do where they go, where that is known."""

from whatif_rows import row_of

from madang.whatif.change import Change, read_moves
from madang.whatif.places import Known

TO_GEMINI = Change(moves=read_moves(["gpt-4.1=gemini-2.5-flash"]))


def test_latencies_of_the_period_count_first(past, replayed):
    """600 ms are counted as between 600 and 640, 200 as between 200 and 220; the middle stands for them."""
    rows = [
        past(latency_us=600_000),
        past(model="gemini-2.5-flash", provider="gemini", latency_us=200_000),
    ]
    told = replayed(rows, change=TO_GEMINI)
    assert (told.latency.then.p50_us, told.latency.then.known_requests) == (415_000, 2)
    assert (told.latency.now.p50_us, row_of(told, "gemini-2.5-flash").latency_from) == (
        210_000,
        "period",
    )


def test_then_the_ledgers_other_days_and_stated_ones(past, replayed):
    place, stated = ("gemini", "gemini-2.5-flash"), ("", "gemini-2.5-flash")
    known = {stated: Known(180_000, 450_000, "stated")}
    told = replayed([past()], change=TO_GEMINI, elsewhere=known)
    assert (told.latency.now.p50_us, told.latency.now.p99_us) == (180_000, 450_000)
    known[place] = Known(190_000, 460_000, "ledger")
    told = replayed([past()], change=TO_GEMINI, elsewhere=known)
    assert (told.latency.now.p50_us, row_of(told, place[1]).latency_from) == (190_000, "ledger")


def test_what_is_not_known_is_told_as_unknown(past, replayed):
    told = replayed([past(latency_us=600_000)], change=TO_GEMINI)
    assert (told.latency.now.p50_us, told.latency.now.unknown_requests) == (None, 1)
