"""An account's credit and plan at a running gateway: never overspent, topped up while it runs, stated exactly."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from server_gateway import Gateway, eventually, settings
from server_sockets import asking

from stand.payments import checkout, stripe_signature

SECRET = "whsec_till"
COST_NUSD = 11 * 2_000 + 7 * 8_000
"""Of one answer: 11 and 7 tokens of gpt-4.1, at 2 and 8 dollars a million."""

SETTINGS = {
    "payments": {"stripe": {"secrets": [SECRET]}},
    "plans": {"small": {"rpm": 4}, "wide": {"rpm": 100_000}},
}


@pytest.fixture(scope="module")
def shop(provider, tmp_path_factory):
    """A gateway of two processes that has accounts."""
    config = {**settings(provider.port), **SETTINGS}
    with Gateway(tmp_path_factory.mktemp("shop"), config, "--workers", "2") as running:
        yield running


@pytest.fixture
def opened(shop):
    """Open accounts; an id and a key of it."""

    def make(plan="wide", usd=None):
        asked = {"name": "Acme", "plan": plan}
        account = shop.call("POST", "/api/accounts", json=asked).json()["id"]
        if usd:
            posted = shop.call("POST", f"/api/accounts/{account}/credit", json={"usd": usd})
            assert posted.status_code == 200, posted.text
            time.sleep(1.2)  # a second later every worker knows of it
        return account, known_key(shop, account)

    return make


def key_of(shop, account):
    """A key of an account that whichever worker is asked may not have heard of yet."""
    made = shop.call("POST", "/api/keys", json={"name": "k", "account_id": account})
    return made.json()["key"] if made.status_code == 201 else None


def known_key(shop, account):
    """The same, once every worker has heard of it."""
    key = eventually(lambda: key_of(shop, account))
    fresh = {"headers": {"connection": "close"}}  # so that any worker may take it
    statuses = lambda: {shop.call("GET", "/v1/models", key, **fresh).status_code for _ in range(16)}  # noqa: E731
    eventually(lambda: statuses() == {200})
    return key


def spend(shop, key):
    body = asking("oa/gpt-4.1", max_tokens=100)
    return shop.call("POST", "/v1/chat/completions", key, json=body).status_code


def statement(shop, account):
    return shop.call("GET", f"/api/accounts/{account}/statement").json()


def test_credit_is_never_overspent_and_what_was_used_is_stated_exactly(shop, opened):
    """Sixty requests at two processes; 429 says that others hold what is left, 402 that nothing is."""
    account, key = opened(usd="0.003")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: spend(shop, key), range(60)))
    assert set(statuses) <= {200, 402, 429}
    while statuses[-1] != 402:
        statuses.append(spend(shop, key))
    told = statement(shop, account)
    assert told["used_nusd"] == statuses.count(200) * COST_NUSD > 0
    assert told["closing_nusd"] == 3_000_000 - told["used_nusd"] >= 0
    assert [(one["model"], one["nusd"]) for one in told["usage"]] == [
        ("gpt-4.1", told["used_nusd"])
    ]


def test_without_credit_nothing_is_asked_until_a_payment_comes_in(shop, opened):
    account, key = opened()
    assert spend(shop, key) == 402
    body = checkout(account, 500, intent=f"pi_{account}")
    headers = {"stripe-signature": stripe_signature(body, SECRET)}
    paid = shop.call("POST", "/hooks/stripe", "", content=body, headers=headers)
    assert paid.status_code == 200
    eventually(lambda: [spend(shop, key) for _ in range(6)] == [200] * 6)


def test_the_limits_of_a_plan_count_all_keys_of_an_account_in_all_processes(shop, opened):
    account, key = opened("small", usd="1")
    other = known_key(shop, account)
    statuses = [spend(shop, one) for one in (key, other) * 6]
    assert statuses.count(200) <= 4
    eventually(lambda: spend(shop, other) == 429)


def test_a_refund_at_the_provider_stops_the_account(shop, opened):
    account, key = opened(usd="1")
    assert spend(shop, key) == 200
    taken = {"usd": "1", "kind": "correction", "debit": True}
    shop.call("POST", f"/api/accounts/{account}/credit", json=taken)
    eventually(lambda: [spend(shop, key) for _ in range(4)] == [402] * 4)
    assert statement(shop, account)["closing_nusd"] < 0


def test_a_closed_accounts_keys_are_refused_everywhere(shop, opened):
    account, key = opened(usd="1")
    shop.call("POST", f"/api/accounts/{account}/close", json={"write_off": True})
    eventually(lambda: [spend(shop, key) for _ in range(4)] == [401] * 4)


def test_what_an_account_used_is_known_after_a_crash(provider, tmp_path):
    config = {**settings(provider.port), **SETTINGS}
    with Gateway(tmp_path, config) as gateway:
        asked = {"name": "Acme", "plan": "wide"}
        account = gateway.call("POST", "/api/accounts", json=asked).json()["id"]
        gateway.call("POST", f"/api/accounts/{account}/credit", json={"usd": "0.003"})
        key = key_of(gateway, account)
        before = [spend(gateway, key) for _ in range(5)]
        gateway.kill()
        gateway.start()
        after = [spend(gateway, key) for _ in range(40)]
        assert (before, after[-1]) == ([200] * 5, 402)
        told = statement(gateway, account)
        assert told["used_nusd"] == (5 + after.count(200)) * COST_NUSD
        assert told["closing_nusd"] >= 0


def test_an_admin_key_is_needed(shop, opened):
    account, key = opened(usd="1")
    for method, path in (
        ("GET", "/api/accounts"),
        ("GET", f"/api/accounts/{account}/statement"),
        ("POST", f"/api/accounts/{account}/credit"),
        ("GET", "/api/payments"),
    ):
        assert shop.call(method, path, key, json={"usd": "5"}).status_code == 403
