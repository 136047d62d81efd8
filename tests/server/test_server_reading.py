"""What can be read: models in every dialect, health, metrics, the administration and its document, one's own usage."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from server_callers import ASK, anthropic_at, google_at, openai_at
from server_gateway import ADMIN_KEY, DIALECTS, eventually


@pytest.fixture(scope="module")
def limited(gateway):
    """A key that may use some models only."""
    return gateway.make_key("limited", models=["verbatim-*"])[1]


def test_every_sdk_lists_the_models(gateway, key):
    with openai_at(gateway.url, key) as client:
        by_openai = [model.id for model in client.models.list()]
    with anthropic_at(gateway.url, key) as client:
        by_anthropic = [model.id for model in client.models.list()]
    with google_at(gateway.url, key) as client:
        by_google = [model.name.removeprefix("models/") for model in client.models.list()]
    assert "verbatim-chat" in by_openai
    assert by_openai == by_anthropic == by_google


@pytest.mark.parametrize("suffix", ["/v1", "/anthropic"])
def test_anthropics_sdk_lists_at_any_address(gateway, key, suffix):
    with anthropic_at(gateway.url, key, suffix) as client:
        assert "verbatim-chat" in [model.id for model in client.models.list()]


def test_a_key_sees_the_models_it_may_use(gateway, limited):
    with openai_at(gateway.url, limited) as client:
        listed = [model.id for model in client.models.list()]
    assert {"verbatim-chat", "verbatim-messages"} <= {*listed}
    assert all(name.startswith("verbatim-") for name in listed)
    answer = gateway.call("GET", "/v1/models/failover-dead", limited)
    assert answer.status_code == 404


def test_one_model_is_described_in_every_dialect(gateway, key):
    with openai_at(gateway.url, key) as client:
        assert client.models.retrieve("verbatim-chat").id == "verbatim-chat"
        assert client.models.retrieve("oa/anything").id == "oa/anything"
    with anthropic_at(gateway.url, key) as client:
        assert client.models.retrieve("verbatim-chat").id == "verbatim-chat"
    with google_at(gateway.url, key) as client:
        assert client.models.get(model="verbatim-chat").name == "models/verbatim-chat"
    assert gateway.call("GET", "/v1/models/nobody", key).status_code == 404


def test_models_are_for_keys_only(gateway):
    for path in ("/v1/models", "/v1beta/models", "/v1/usage", "/v1/usage/current-month"):
        assert gateway.call("GET", path, "").status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/"])
def test_health_needs_no_key(gateway, path):
    assert gateway.call("GET", path, "").status_code == 200
    head = gateway.call("HEAD", path, "")
    assert head.status_code == 200
    assert head.content == b""
    assert int(head.headers["content-length"]) > 0


def test_the_metrics_parse_and_count(own_gateway):
    """The buckets of a histogram grow, end at infinity, and hold as many as were counted."""
    gateway = own_gateway()
    for dialect in DIALECTS:
        ASK[dialect](gateway.url, ADMIN_KEY, "oa/measured")
    text = gateway.call("GET", "/metrics", "").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    (attempts,) = families["madang_attempts"].samples
    assert (attempts.labels["model"], attempts.labels["outcome"]) == ("measured", "ok")
    assert attempts.value == 3
    latencies = families["madang_latency_seconds"].samples
    buckets = [one for one in latencies if one.name.endswith("_bucket")]
    values = [bucket.value for bucket in buckets]
    assert values == sorted(values)
    assert buckets[-1].labels["le"] == "+Inf"
    (count,) = [one.value for one in latencies if one.name.endswith("_count")]
    assert values[-1] == count == 3


ADMINISTRATION = [
    ("POST", "/api/keys"),
    ("GET", "/api/keys"),
    ("GET", "/api/keys/key_x"),
    ("DELETE", "/api/keys/key_x"),
    ("GET", "/api/status"),
]


@pytest.mark.parametrize(("method", "path"), ADMINISTRATION)
def test_administration_is_for_the_admin_key(gateway, key, method, path):
    for given, status in (("", 401), ("mdg_wrong", 401), (key, 403)):
        answer = gateway.call(method, path, given, json={"name": "x"} if method == "POST" else None)
        assert answer.status_code == status
        assert answer.json()["error"]["message"]


def test_the_document_lists_the_administration(gateway):
    paths = gateway.call("GET", "/api/openapi.json").json()["paths"]
    for method, path in ADMINISTRATION:
        assert method.lower() in paths[path.replace("key_x", "{id}")]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "wrong"),
        (b"[]", "object"),
        (b"{}", "name"),
        (b'{"name": ""}', "name"),
        (b'{"name": "x", "extra": 1}', "extra"),
        (b'{"name": "x", "expires": "soon"}', "duration"),
        (b'{"name": "x", "budget_usd": "-3"}', "dollars"),
        (b'{"name": "x", "budget_usd": 3}', "budget_usd"),
        (b'{"name": "x", "budget_per": "month"}', "budget"),
        (b'{"name": "x", "rpm": 0}', "rpm"),
        (b'{"name": "x", "rpm": 1.5}', "rpm"),
        (b'{"name": "x", "models": ["a", 1]}', "models"),
        (b'{"name": "\xff"}', "UTF-8"),
    ],
)
def test_a_wrong_order_for_a_key_is_400_that_says_why(gateway, body, word):
    answer = gateway.call("POST", "/api/keys", content=body)
    assert answer.status_code == 400
    assert word.lower() in answer.json()["error"]["message"].lower()


def test_administration_fails_in_json_too(gateway):
    wrong = gateway.call("PUT", "/api/keys")
    assert wrong.status_code == 405
    assert wrong.json()["error"]["message"]
    assert "POST" in wrong.headers["allow"]
    for path in ("/api/keys/key_nobody", "/api/nothing", "/apianything", "/api"):
        nothing = gateway.call("GET", path)
        assert nothing.status_code == 404
        assert nothing.json()["error"]["message"]
    large = gateway.call("POST", "/api/keys", content=b'{"name": "' + b"x" * 2**21)
    assert large.status_code == 413


def test_a_key_sees_its_own_usage_only(gateway):
    mine, others = gateway.make_key("mine")[1], gateway.make_key("others")[1]
    body = {"model": "oa/own", "messages": [{"role": "user", "content": "hi"}]}
    asked = gateway.call("POST", "/v1/chat/completions", mine, json=body)
    request_id = asked.headers["x-request-id"]
    assert gateway.call("GET", f"/v1/requests/{request_id}", mine).status_code == 200
    assert gateway.call("GET", f"/v1/requests/{request_id}", others).status_code == 404
    assert gateway.call("GET", f"/v1/requests/{request_id}").status_code == 200
    for path in ("/v1/usage/current-month", "/v1/usage?by=model"):
        assert "own" in gateway.call("GET", path, mine).text
        assert '"own"' not in gateway.call("GET", path, others).text
        assert '"own"' in gateway.call("GET", path).text
    assert gateway.call("GET", "/v1/requests/req_nobody", mine).status_code == 404


def test_tags_of_a_request_are_counted(gateway, key):
    body = {"model": "oa/tagged", "messages": [{"role": "user", "content": "hi"}]}
    headers = {"x-madang-tags": "team=search, env=prod"}
    assert gateway.call("POST", "/v1/chat/completions", key, json=body, headers=headers).is_success
    rows = gateway.call("GET", "/v1/usage?by=tag:team", key).json()["rows"]
    assert {"search"} <= {row["tag:team"] for row in rows}


@pytest.mark.parametrize(
    "query", ["from=yesterday", "by=nothing", "by=model,model", "from=2026-02-01&to=2026-01-01"]
)
def test_a_wrong_question_about_usage_is_400(gateway, key, query):
    answer = gateway.call("GET", f"/v1/usage?{query}", key)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "tags", ["team", "=x", "a=" + "x" * 101, ",".join(f"t{n}=1" for n in range(17))]
)
def test_wrong_tags_are_400(gateway, key, tags):
    body = {"model": "oa/m", "messages": []}
    answer = gateway.call(
        "POST", "/v1/chat/completions", key, json=body, headers={"x-madang-tags": tags}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("deadline", ["0", "-1", "soon", "1e3", "9" * 11, "9" * 5000])
def test_a_wrong_deadline_is_400(gateway, key, deadline):
    headers = {"x-madang-deadline-ms": deadline}
    body = {"model": "oa/m", "messages": []}
    answer = gateway.call("POST", "/v1/chat/completions", key, json=body, headers=headers)
    assert answer.status_code == 400


def test_the_status_tells_how_targets_stand(gateway, key):
    ASK["chat"](gateway.url, key, "oa/standing")
    shown = eventually(lambda: gateway.status())
    (target,) = [one for one in shown["targets"] if one["model"] == "standing"]
    assert (target["in_flight"], target["failures"], target["resting"]) == (0, 0, False)
    assert {one["name"] for one in shown["providers"]} >= {"oa", "an", "ge", "dead"}
