"""A new target on trial at a real gateway: who is sent to it, what callers see, what ends it, what a restart leaves."""

from collections import Counter
from contextlib import closing

import pytest
from server_gateway import ADMIN_KEY, Gateway, eventually, settings
from test_server_failover import refusing

from madang.config.sections.canaries import Canary
from madang.pipeline.trial.view import Canaries, Start
from madang.state.store import Store

NEXT = {"model": "steady", "to": "an/next", "percent": 50, "step_requests": 4, "step_s": 0}
MODELS = {"steady": {"targets": ["oa/steady"]}}
ASK = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 20}


def terms(**changed):
    return {"next": {**NEXT, **changed}}


def ask(gateway, key, model="steady", **more):
    headers = {f"x-madang-{name}": value for name, value in more.pop("about", {}).items()}
    headers |= more.pop("headers", {})
    body = {"model": model, **ASK, **more}
    answer = gateway.call("POST", "/v1/chat/completions", key, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def arms(gateway, key, count=1, **more):
    return [ask(gateway, key, **more).headers.get("x-madang-arm") for _ in range(count)]


def story(gateway, name="next"):
    told = gateway.call("GET", f"/api/canaries/{name}")
    assert told.status_code == 200, told.text
    return told.json()


def standing(gateway, name="next"):
    now = story(gateway, name)["now"]
    return now["state"], now["percent"]


@pytest.fixture
def broken(provider):
    """A new target that always fails, under a name of its own."""
    provider.scripts["broken-next"] = refusing(500)
    return "an/broken-next"


def test_a_share_of_the_requests_goes_to_the_new_target_and_is_told(own_gateway):
    gateway = own_gateway(models=MODELS, canaries=terms(step_s=600))
    key = gateway.make_key()[1]
    counted = Counter(arms(gateway, key, 60))
    assert counted["canary"] + counted["stable"] == 60
    assert 12 <= counted["canary"] <= 48
    shown = eventually(lambda: (now := story(gateway)["now"])["stable"]["requests"] and now)
    assert shown["state"] == "running"


def test_sessions_and_users_stay_on_their_side(own_gateway):
    gateway = own_gateway(models=MODELS, canaries=terms(step_s=600))
    key = gateway.make_key()[1]
    sides = set()
    for name in "abcdefghijklmnop":
        session = set(arms(gateway, key, 3, about={"session": f"session {name}"}))
        user = set(arms(gateway, key, 3, user=name))
        assert len(session) == len(user) == 1
        sides |= session | user
    assert sides == {"canary", "stable"}


def test_high_priority_goes_to_the_new_target_and_a_header_forces_either(own_gateway):
    gateway = own_gateway(models=MODELS, canaries=terms(percent=0.0001, step_s=600))
    key = gateway.make_key()[1]
    assert set(arms(gateway, key, 4)) == {"stable"}
    assert set(arms(gateway, key, 4, about={"priority": "high"})) == {"canary"}
    assert set(arms(gateway, key, 2, about={"arm": "canary"})) == {"canary"}
    forced = ask(gateway, key, about={"arm": "stable", "priority": "high"})
    assert (forced.headers["x-madang-arm"], forced.headers["x-madang-provider"]) == ("stable", "oa")
    (row,) = gateway.story(forced.headers["x-request-id"])["attempts"]
    assert (row["canary"], row["arm"], row["drawn"]) == ("next.1", "stable", False)
    wrong = gateway.call(
        "POST", "/v1/chat/completions", key, json=ASK, headers={"x-madang-arm": "x"}
    )
    assert wrong.status_code == 400


def test_without_a_trial_nothing_is_said_of_arms(own_gateway):
    gateway = own_gateway(models=MODELS)
    answer = ask(gateway, gateway.make_key()[1], about={"arm": "canary"})
    assert "x-madang-arm" not in answer.headers


def test_the_ramp_goes_up_by_itself_and_ends_with_the_promotion(own_gateway):
    gateway = own_gateway(models=MODELS, canaries=terms(percent=30, ramp=[60, 100]))
    key = gateway.make_key()[1]

    def promoted():
        arms(gateway, key, 4)
        return standing(gateway) == ("promoted", 100)

    eventually(promoted)
    assert set(arms(gateway, key, 3)) == {"canary"}
    events = story(gateway)["events"][::-1]
    assert [event["kind"] for event in events] == ["started", "advanced", "advanced", "promoted"]
    assert "no harm" in events[1]["why"]
    assert events[1]["figures"]["requests"] >= 4


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_a_failing_target_is_rolled_back_and_no_caller_sees_it(own_gateway, broken, stream):
    gateway = own_gateway(
        models=MODELS, canaries=terms(to=broken, percent=100, ramp=[], step_s=600)
    )
    key = gateway.make_key()[1]
    seen = [ask(gateway, key, stream=stream) for _ in range(5)]
    assert {one.headers["x-madang-arm"] for one in seen} == {"stable"}
    eventually(lambda: standing(gateway) == ("rolled_back", 0))
    first, second = gateway.story(seen[0].headers["x-request-id"])["attempts"]
    assert (first["arm"], first["outcome"], first["final"]) == ("canary", "failed", False)
    assert (second["arm"], second["outcome"], second["final"]) == ("stable", "ok", True)
    told = story(gateway)
    assert told["now"]["canary"]["success_rate"] == 0
    assert "5 failures one after another" in told["now"]["why"]
    eventually(lambda: "x-madang-arm" not in ask(gateway, key).headers)


def test_what_the_new_target_takes_for_a_mistake_is_answered_by_the_stable_side(
    own_gateway, provider
):
    provider.scripts["picky-next"] = refusing(400)
    gateway = own_gateway(models=MODELS, canaries=terms(to="an/picky-next", percent=100, ramp=[]))
    answer = ask(gateway, gateway.make_key()[1])
    assert (answer.headers["x-madang-arm"], answer.headers["x-madang-attempts"]) == ("stable", "2")


def test_a_restart_in_the_middle_loses_nothing(own_gateway, broken):
    """Three failures before, two after: five in a row."""
    gateway = own_gateway(
        models=MODELS, canaries=terms(to=broken, percent=100, ramp=[], step_s=600)
    )
    key = gateway.make_key()[1]
    arms(gateway, key, 3)
    gateway.kill()
    gateway.start()
    assert standing(gateway) == ("running", 100)
    arms(gateway, key, 2)
    eventually(lambda: standing(gateway) == ("rolled_back", 0))
    gateway.stop()
    gateway.start()
    assert standing(gateway) == ("rolled_back", 0)


def test_people_start_promote_and_roll_back_without_a_restart(own_gateway):
    gateway = own_gateway(models=MODELS)
    key = gateway.make_key()[1]
    start = {"name": "mine", "terms": {**NEXT, "percent": 100, "ramp": [], "step_s": 600}}
    made = gateway.call("POST", "/api/canaries", json=start)
    assert (made.status_code, made.json()["trial"]) == (201, "mine.1")
    eventually(lambda: ask(gateway, key).headers.get("x-madang-arm") == "canary")
    assert gateway.call("POST", "/api/canaries", json={**start, "name": "other"}).status_code == 409
    assert gateway.call("POST", "/api/canaries/mine/promote").json()["state"] == "promoted"
    assert gateway.call("POST", "/api/canaries/mine/abort").status_code == 409
    assert gateway.call("POST", "/api/canaries/steady/rollback").json()["state"] == "rolled_back"
    eventually(lambda: "x-madang-arm" not in ask(gateway, key).headers)
    assert gateway.call("POST", "/api/canaries/mine/start").json()["trial"] == "mine.2"
    by = [event["by"] for event in story(gateway, "mine")["events"]]
    assert len(by) == 4
    assert all(by)


def test_a_switch_sends_everything_over_at_once_and_one_command_back(own_gateway, provider):
    gateway = own_gateway(models=MODELS)
    key = gateway.make_key()[1]
    switch = {"name": "blue", "terms": {"model": "steady", "to": "an/next"}, "switch": True}
    assert gateway.call("POST", "/api/canaries", json=switch).json()["percent"] == 100
    eventually(lambda: set(arms(gateway, key, 3)) == {"canary"})
    gateway.call("POST", "/api/canaries/steady/rollback")
    eventually(lambda: ask(gateway, key).headers["x-madang-provider"] == "oa")


def test_a_canary_that_leaves_the_configuration_is_ended(own_gateway):
    gateway = own_gateway(models=MODELS, canaries=terms(step_s=600))
    config = gateway.config.read_text().replace('"next": {', '"other": {')
    gateway.configure(config)
    eventually(lambda: standing(gateway) == ("aborted", 0))
    eventually(lambda: standing(gateway, "other")[0] == "running")


def test_a_target_that_leads_nowhere_and_a_stranger_are_refused(own_gateway):
    gateway = own_gateway(models=MODELS)
    start = {"name": "lost", "terms": {**NEXT, "to": "nowhere/next"}}
    assert gateway.call("POST", "/api/canaries", json=start).status_code == 404
    assert gateway.call("GET", "/api/canaries", gateway.make_key()[1]).status_code == 403
    assert gateway.call("GET", "/api/canaries/none").status_code == 404


def test_a_target_that_leads_nowhere_is_told_where_nobody_could_look_beforehand(own_gateway):
    """Begun at the home folder, which does not know what the running gateway is configured with."""
    gateway = own_gateway(models=MODELS)
    with closing(Store(gateway.home)) as store:
        Canaries(store).start(Start("lost", Canary("steady", "nowhere/next")))
    eventually(lambda: "lost: no request goes to `nowhere/next`" in gateway.log)
    assert arms(gateway, gateway.make_key()[1]) == [None]


def test_what_is_reserved_covers_the_dearer_side(own_gateway):
    """The new target costs a thousand times as much: so does the worst case, whichever side the request is on."""
    prices = [
        {"provider": "oa", "model": "steady", "in": 0.01, "out": 0.01},
        {"provider": "an", "model": "next", "in": 10, "out": 10},
    ]
    budget = [{"scope": "total", "usd": 100, "per": "month"}]
    gateway = own_gateway(models=MODELS, prices=prices, budgets=budget)
    key = gateway.make_key()[1]

    def reserved():
        request = ask(gateway, key, about={"arm": "stable"}).headers["x-request-id"]
        return gateway.story(request)["attempts"][0]["reserved_nusd"]

    before = reserved()
    start = {"name": "dear", "terms": {**NEXT, "step_s": 600}}
    gateway.call("POST", "/api/canaries", json=start)
    eventually(lambda: reserved() == 1000 * before)


def test_all_workers_follow_what_the_first_decides(provider, tmp_path, broken):
    """Each request on a connection of its own, so that both workers answer some."""
    config = settings(provider.port, MODELS, drain_s=5)
    config |= {"canaries": terms(to=broken, percent=100, ramp=[], step_s=600)}
    with Gateway(tmp_path, config, "--workers", "2") as gateway:

        def sides(count):
            return set(arms(gateway, ADMIN_KEY, count, headers={"connection": "close"}))

        eventually(lambda: sides(4) and standing(gateway) == ("rolled_back", 0))
        eventually(lambda: sides(12) == {None})


def test_verdicts_of_people_end_a_trial(own_gateway):
    """Thirteen of thirteen for the stable side, given while it runs; a judge's count for nothing here."""
    gateway = own_gateway(models=MODELS, canaries=terms(step_s=600))
    eventually(lambda: standing(gateway)[0] == "running")
    made = gateway.call("POST", "/api/comparisons", json={"a": "steady", "b": "an/next"}).json()
    path, answers = f"/api/comparisons/{made['id']}", {"a": {"text": "old"}, "b": {"text": "new"}}
    pair = {"prompt": [{"role": "user", "content": "hi"}], **answers}
    gateway.call("POST", f"{path}/pairs", json={"pairs": [pair]})

    def rate(by, kind="human"):
        shown = gateway.call("GET", f"{path}/next", params={"by": by, "kind": kind}).json()
        better = "left" if shown["left"] == "old" else "right"
        verdict = {"pair": shown["pair"], "better": better, "by": by, "kind": kind}
        assert gateway.call("POST", f"{path}/ratings", json=verdict).status_code in (200, 201)

    for number in range(12):
        rate(f"rater {number}")
        rate(f"judge {number}", "model")
    assert standing(gateway) == ("running", 50)
    rate("the last")
    eventually(lambda: standing(gateway) == ("rolled_back", 0))
    assert "liked less: 13 of 13" in story(gateway)["now"]["why"]
