"""Where requests go and what callers hear of it: tasks, `auto`, rules, wishes, sessions, over real sockets."""

import json

import pytest
from server_gateway import DIALECTS, Gateway, eventually, settings

MODELS = {
    "auto": {"tiers": {"simple": "oa/small", "medium": "an/middling", "complex": "large"}},
    "large": {"targets": ["oa/large"]},
    "ruled": {
        "targets": ["oa/as-ruled"],
        "rules": [
            {"when": {"tag": {"team": "legal"}}, "targets": ["an/lawyer"], "only": True},
            {"when": {"tools": True, "priority": "high"}, "targets": ["oa/agent"]},
        ],
    },
    "spread": {"targets": ["oa/one", "private/two", "near/three"], "pick": "weighted"},
    "sticky": {"targets": ["oa/a", "private/b", "near/c"], "pick": "weighted", "sticky": True},
    "priced": {"targets": ["oa/dear", "private/cheap"]},
}
PRICES = [
    {"provider": "oa", "model": "dear", "in": 10, "out": 30},
    {"provider": "private", "model": "cheap", "in": 1, "out": 3},
    {"provider": "oa", "model": "fine", "in": 10, "out": 30},
    {"provider": "private", "model": "plain", "in": 1, "out": 3},
]
TASKS = {"draft": {"candidates": ["oa/fine", "private/plain"], "prefer": "cost"}}
PROVE = "Prove the theorem step by step and derive every assumption."


@pytest.fixture(scope="module")
def routed(provider, tmp_path_factory):
    config = settings(provider.port, MODELS)
    config["providers"]["private"] = {**config["providers"]["oa"], "data": "private"}
    config["providers"]["near"] = {**config["providers"]["oa"], "region": "kr"}
    config |= {"tasks": TASKS, "prices": PRICES}
    with Gateway(tmp_path_factory.mktemp("routed"), config) as running:
        yield running


def chat(gateway, model, headers=None, content="hi", **more):
    body = {"model": model, "messages": [{"role": "user", "content": content}], **more}
    key = more.pop("key", None)
    body.pop("key", None)
    asked = {"headers": headers or {}, "json": body} | ({"key": key} if key else {})
    return gateway.call("POST", "/v1/chat/completions", **asked)


def answered_by(answer) -> str:
    assert answer.status_code == 200, answer.text
    return f"{answer.headers['x-madang-provider']}/{answer.headers['x-madang-model']}"


def plan_of(gateway, answer):
    told = eventually(lambda: gateway.story(answer.headers["x-request-id"]))
    return told["attempts"][0]["plan"]


def test_a_task_goes_by_its_preference_and_the_row_and_the_answer_say_so(routed):
    answer = chat(routed, "task:draft")
    assert answered_by(answer) == "private/plain"
    assert answer.headers["x-madang-task"] == "draft"
    story = eventually(lambda: routed.story(answer.headers["x-request-id"]))
    assert story["tags"] == {"task": "draft"}
    assert story["asked_model"] == "task:draft"
    plan = story["attempts"][0]["plan"]
    assert (plan["pick"], plan["prefer"], plan["task"]) == ("prefer", "cost", "draft")
    # price: 0.6 for the cheaper, 0 for the dearer; quality unknown 0.5 * 0.2, latency unknown or laid
    assert [one["target"] for one in plan["considered"]] == ["private/plain", "oa/fine"]


def test_the_header_takes_the_place_of_the_bodys_model(routed, provider):
    answer = chat(routed, "gpt-4.1", {"x-madang-task": "draft"})
    assert answered_by(answer) == "private/plain"
    assert provider.last("plain").json["model"] == "plain"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_task_is_known_in_every_dialect(routed, dialect):
    said = {"role": "user", "content": "hi"}
    asked = {
        "chat": ("/v1/chat/completions", {"model": "auto", "messages": [said]}),
        "messages": ("/v1/messages", {"model": "auto", "max_tokens": 9, "messages": [said]}),
        "gemini": (
            "/v1beta/models/auto:generateContent",
            {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        ),
    }
    path, body = asked[dialect]
    answer = routed.call("POST", path, json=body, headers={"x-madang-task": "draft"})
    assert answered_by(answer) == "private/plain"


def test_a_callers_preference_comes_before_the_tasks(routed):
    answer = chat(routed, "task:draft", {"x-madang-prefer": "quality"})
    assert plan_of(routed, answer)["prefer"] == "quality"


@pytest.mark.parametrize(
    "headers",
    [{"x-madang-prefer": "luck"}, {"x-madang-task": ""}, {"x-madang-session": "x" * 257}],
)
def test_headers_that_make_no_sense_are_refused(routed, headers):
    assert chat(routed, "large", headers).status_code == 400


def test_an_unknown_task_is_no_model(routed):
    answer = chat(routed, "task:paint")
    assert answer.status_code == 404
    assert "draft" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("content", "target", "tier"),
    [
        ("Hi!", "oa/small", "simple"),
        ("Summarize this article for my manager.", "an/middling", "medium"),
        (PROVE, "oa/large", "complex"),
    ],
)
def test_auto_goes_by_complexity_and_says_why(routed, content, target, tier):
    answer = chat(routed, "auto", content=content)
    assert answered_by(answer) == target
    verdict, *signals = answer.headers["x-madang-auto"].split("; ")
    assert verdict == tier
    plan = plan_of(routed, answer)
    assert (plan["tier"], plan.get("signals", [])) == (tier, signals)


def test_a_key_gets_the_nearest_tier_that_it_may_use(routed):
    _, key = routed.make_key("small", models=["small", "middling"])
    answer = chat(routed, "auto", content=PROVE, key=key)
    assert answered_by(answer) == "an/middling"
    _, stranger = routed.make_key("stranger", models=["other"])
    assert chat(routed, "auto", key=stranger).status_code == 403


def test_a_key_gets_those_candidates_of_a_task_that_it_may_use(routed):
    _, key = routed.make_key("fine", models=["fine"])
    answer = chat(routed, "task:draft", key=key)
    assert answered_by(answer) == "oa/fine"
    (left_out,) = plan_of(routed, answer)["left_out"]
    assert left_out == {"target": "private/plain", "why": "this key may not use the model"}
    _, whole = routed.make_key("whole", models=["task:*"])
    assert answered_by(chat(routed, "task:draft", key=whole)) == "private/plain"


def test_the_first_rule_that_holds_leads(routed):
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    high = {"x-madang-priority": "high"}
    assert answered_by(chat(routed, "ruled")) == "oa/as-ruled"
    assert answered_by(chat(routed, "ruled", tools=tools)) == "oa/as-ruled"
    agent = chat(routed, "ruled", high, tools=tools)
    assert answered_by(agent) == "oa/agent"
    assert plan_of(routed, agent)["rule"] == 2
    legal = chat(routed, "ruled", {"x-madang-tags": "team=legal", **high}, tools=tools)
    assert answered_by(legal) == "an/lawyer"


def test_wishes_for_providers_are_heeded_and_go_no_further(routed, provider):
    wishes = {"only": ["NEAR"], "allow_fallbacks": False}
    answer = chat(routed, "spread", provider=wishes, seed=7)
    assert answered_by(answer) == "near/three"
    assert "provider" not in provider.last("three").json
    assert provider.last("three").json["seed"] == 7
    reasons = {one["why"] for one in plan_of(routed, answer)["left_out"]}
    assert reasons == {"not among the providers that the caller wants only"}


def test_a_wish_is_left_to_the_only_place_where_that_may_be_one_that_chooses_itself(
    routed, provider
):
    """A provider that the catalogue does not know may be an aggregator, like OpenRouter."""
    wish = {"order": ["nobody"], "allow_fallbacks": False}
    assert answered_by(chat(routed, "large", provider=wish)) == "oa/large"
    assert provider.last("large").json["provider"] == wish


def test_the_highest_price_and_privacy_leave_targets_out(routed):
    assert answered_by(chat(routed, "priced")) == "oa/dear"
    limit = {"max_price": {"prompt": 2}}
    assert answered_by(chat(routed, "priced", provider=limit)) == "private/cheap"
    assert answered_by(chat(routed, "priced", provider={"zdr": True})) == "private/cheap"


def test_a_refused_wish_holds_no_money(routed):
    """Each holds about half a cent: 512 unseen tokens of prompt and more, at 10 dollars a million."""
    _, key = routed.make_key("poor", budget_usd="0.02")
    for _ in range(10):
        refused = chat(routed, "priced", key=key, provider={"only": ["x"]}, max_tokens=9)
        assert refused.status_code == 400
    assert chat(routed, "priced", key=key, max_tokens=9).status_code == 200


def test_a_provider_that_is_no_object_is_left_alone(routed, provider):
    assert answered_by(chat(routed, "large", provider="azure")) == "oa/large"
    assert provider.last("large").json["provider"] == "azure"


def test_a_session_stays_with_one_target(routed):
    homes = set()
    for name in map(str, range(12)):
        header = {"x-madang-session": name}
        seen = {answered_by(chat(routed, "spread", header)) for _ in range(4)}
        assert len(seen) == 1
        homes |= seen
    assert len(homes) > 1


@pytest.mark.parametrize("member", ["user", "prompt_cache_key"])
def test_a_sticky_model_takes_sessions_from_bodies(routed, member):
    seen = {answered_by(chat(routed, "sticky", **{member: "ann"})) for _ in range(8)}
    assert len(seen) == 1
    asked = {"model": "sticky", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    asked["metadata"] = {"user_id": "ann"}
    answers = [routed.call("POST", "/v1/messages", json=asked) for _ in range(8)]
    assert len({answered_by(answer) for answer in answers}) == 1


def test_tasks_are_listed_and_explained(routed):
    listed = routed.call("GET", "/v1/models").json()
    assert {"task:draft", "auto"} <= {row["id"] for row in listed["data"]}
    assert json.dumps(plan_of(routed, chat(routed, "spread"))["considered"]).count("target") == 3
    assert plan_of(routed, chat(routed, "large")) is None


def test_quality_is_that_of_the_catalogues_scores_until_people_have_rated(provider, tmp_path):
    """gpt-4.1 and deepseek-v3.2 have scores in the catalogue, deepseek's the higher one; `unknown` has none."""
    models = {
        "best": {"targets": ["oa/unknown", "oa/gpt-4.1", "oa/deepseek-v3.2"], "pick": "quality"}
    }
    with Gateway(tmp_path, settings(provider.port, models)) as gateway:
        answer = chat(gateway, "best")
        assert answered_by(answer) == "oa/deepseek-v3.2"
        first, second, third = plan_of(gateway, answer)["considered"]
        assert 1 > first["score"] > second["score"] > 0
        assert third == {"target": "oa/unknown"}
