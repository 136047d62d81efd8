"""Keys that end soon are found, in order, and put into one line."""

from datetime import UTC, datetime

from madang.keys import Key
from madang.keys.expiry import DAY_S, expiring, spelled

NOW_S = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())


def key(name, days, **given):
    ends = None if days is None else NOW_S + days * DAY_S
    return Key(id=f"key_{name}", name=name, prefix="mdg_", created_at=1, expires_at=ends, **given)


def test_live_keys_within_the_days_the_soonest_first():
    keys = [key("c", 7), key("far", 8), key("a", 1), key("never", None), key("gone", -1)]
    keys.append(key("revoked", 2, revoked_at=5))
    assert [one.name for one in expiring(keys, NOW_S, 7 * DAY_S)] == ["a", "c"]
    assert expiring(keys, NOW_S, 0) == ()


def test_a_line_names_ten_and_counts_the_rest():
    line = spelled([key(f"k{n}", 1) for n in range(13)])
    assert line.startswith("'k0' (key_k0) on 2026-11-21 00:00 UTC, ")
    assert line.endswith(" and 3 more")
    assert "\n" not in line
