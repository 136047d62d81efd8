"""Rotation, changes and expiry of callers' keys, as a running gateway's callers meet them."""

import time
from datetime import UTC, datetime

import pytest
from server_gateway import Gateway, eventually, settings

SOON_S = 5.0
"""About a second is promised; the rest is for a busy machine."""

EXPIRES = "x-madang-key-expires"

UNCLEAR = (
    {},
    {"all": True, "tags": {"a": "b"}},
    {"all": True, "grace": "-1"},
    {"all": True, "grace": "9999d"},
    {"every": True},
)


@pytest.fixture(scope="module")
def running(provider, tmp_path_factory):
    """A gateway for these tests alone."""
    with Gateway(tmp_path_factory.mktemp("keys"), settings(provider.port)) as gateway:
        yield gateway


def asked(gateway, key, *, stream=False):
    body = {"model": "oa/m", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    return gateway.call("POST", "/v1/chat/completions", key, json=body)


def rotate(gateway, key_id, **given):
    return gateway.call("POST", f"/api/keys/{key_id}/rotate", json=given)


def shown(gateway, key_id):
    return gateway.call("GET", f"/api/keys/{key_id}").json()


def test_old_and_new_both_work_and_the_old_is_told_when_it_ends(running):
    key_id, old = running.make_key("rotated", rpm=50, tags={"team": "search"})
    made = rotate(running, key_id, grace="1h").json()
    new = made["key"]
    assert (made["id"], made["rpm"], made["tags"]) == (key_id, 50, {"team": "search"})
    for stream in (False, True):
        answer, other = asked(running, old, stream=stream), asked(running, new, stream=stream)
        assert answer.status_code == other.status_code == 200
        ends = datetime.strptime(answer.headers[EXPIRES], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert ends.timestamp() == made["secrets"][1]["ends_at"]
        assert EXPIRES not in other.headers
    assert EXPIRES in running.call("GET", "/v1/models", old).headers
    assert EXPIRES in running.call("POST", "/v1/chat/completions", old, content=b"{").headers


def test_use_of_the_old_is_counted_listed_logged_once_and_measured(running):
    key_id, old = running.make_key("lagging")
    asked(running, old)
    rotate(running, key_id)
    assert not shown(running, key_id)["replaced_in_use"]
    eventually(lambda: shown(running, key_id)["secrets"][1]["uses"] == 1, SOON_S)
    for _ in range(3):
        time.sleep(0.35)  # into another second than the rotation's
        asked(running, old)
    seen = eventually(lambda: (key := shown(running, key_id))["replaced_in_use"] and key, SOON_S)
    eventually(lambda: shown(running, key_id)["secrets"][1]["uses"] == 4, SOON_S)
    assert seen["secrets"][0]["uses"] == 0
    assert running.log.count(f"({key_id}) is still used with a secret that was replaced") == 1
    metrics = running.call("GET", "/metrics").text
    told = [
        line for line in metrics.splitlines() if line.startswith("madang_replaced_key_uses_total")
    ]
    assert float(told[0].split()[1]) >= 3


def test_without_grace_the_old_ends_at_once(running):
    key_id, old = running.make_key("leaked")
    new = rotate(running, key_id, grace="0").json()["key"]
    refused = asked(running, old)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "rotated_api_key")
    assert asked(running, new).status_code == 200


def test_a_third_secret_ends_the_first(running):
    key_id, first = running.make_key("twice")
    second = rotate(running, key_id).json()["key"]
    third = rotate(running, key_id).json()["key"]
    assert [asked(running, key).status_code for key in (first, second, third)] == [401, 200, 200]


def test_the_grace_ends_by_itself(running):
    key_id, old = running.make_key("brief")
    new = rotate(running, key_id, grace="1s").json()["key"]
    eventually(lambda: asked(running, old).status_code == 401, SOON_S)
    assert asked(running, new).status_code == 200


def test_many_keys_by_tag_all_or_none(running):
    mine = dict(running.make_key(f"k{n}", tags={"team": "bulk"}) for n in range(5))
    _, other = running.make_key("other", tags={"team": "other"})
    gone, _ = running.make_key("gone", tags={"team": "bulk"})
    running.call("DELETE", f"/api/keys/{gone}")
    made = running.call("POST", "/api/rotations", json={"tags": {"team": "bulk"}, "grace": "0"})
    assert {one["id"] for one in made.json()} == set(mine)
    assert {asked(running, key).status_code for key in mine.values()} == {401}
    assert {asked(running, one["key"]).status_code for one in made.json()} == {200}
    assert asked(running, other).status_code == 200


@pytest.mark.parametrize("body", UNCLEAR)
def test_a_rotation_that_does_not_say_which_or_how_is_refused(running, body):
    assert running.call("POST", "/api/rotations", json=body).status_code == 400


def test_what_has_ended_is_not_rotated_or_changed(running):
    key_id, _ = running.make_key("ended")
    running.call("DELETE", f"/api/keys/{key_id}")
    assert rotate(running, key_id).status_code == 409
    assert running.call("PATCH", f"/api/keys/{key_id}", json={"rpm": 1}).status_code == 409
    assert rotate(running, "key_nothing").status_code == 404
    assert rotate(running, "key_environment").status_code == 409


def test_changes_are_in_force_within_a_second(running):
    key_id, key = running.make_key("changed", rpm=1)
    path = f"/api/keys/{key_id}"
    assert [asked(running, key).status_code for _ in range(2)] == [200, 429]
    changed = running.call("PATCH", path, json={"rpm": None, "name": "다른"}).json()
    assert (changed["rpm"], changed["name"]) == (None, "다른")
    assert asked(running, key).status_code == 200
    running.call("PATCH", path, json={"models": ["nothing"]})
    assert asked(running, key).status_code == 403
    running.call("PATCH", path, json={"models": [], "expires": "1s"})
    eventually(lambda: asked(running, key).status_code == 401, SOON_S)


def test_a_budget_is_changed_with_its_period(running):
    key_id, _ = running.make_key("paid", budget_usd="5", budget_per="day")
    path = f"/api/keys/{key_id}"
    more = running.call("PATCH", path, json={"budget_usd": "7.5"}).json()
    assert (more["budget_nusd"], more["budget_per"]) == (7_500_000_000, "day")
    none = running.call("PATCH", path, json={"budget_usd": None}).json()
    assert (none["budget_nusd"], none["budget_per"]) == (None, None)
    refused = running.call("PATCH", path, json={"budget_per": "month"})
    assert refused.status_code == 400


def test_a_key_that_expires_soon_is_listed_logged_measured_and_told(running, provider):
    key_id, key = running.make_key("fading", expires="6d")
    later, later_key = running.make_key("later", expires="8d")
    assert asked(running, key).headers[EXPIRES]
    assert EXPIRES not in asked(running, later_key).headers
    listed = {one["id"]: one["is_expiring"] for one in running.call("GET", "/api/keys").json()}
    assert (listed[key_id], listed[later]) == (True, False)
    assert "madang_next_key_expiry_timestamp_seconds" in running.call("GET", "/metrics").text
    running.stop()
    running.configure({**settings(provider.port), "keys": {"warn_days": 30}})
    running.start()
    eventually(lambda: "keys that expire soon" in running.log, SOON_S)
    assert f"({key_id})" in running.log.split("keys that expire soon")[-1]
    assert EXPIRES in asked(running, later_key).headers


def test_uses_survive_the_end_of_the_process(running):
    key_id, key = running.make_key("counted")
    for _ in range(7):
        asked(running, key)
    running.stop()
    running.start()
    assert shown(running, key_id)["secrets"][0]["uses"] == 7
