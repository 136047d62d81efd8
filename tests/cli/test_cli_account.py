"""`madang account`, on a home folder and on a running gateway: the same words, the same figures."""

import csv
import io
import time
from decimal import Decimal

import msgspec
import pytest
from cli_gateway import http

from madang.accounts.notices import Notice
from madang.accounts.payments import Payments
from madang.ledger.tables.attempts import record
from madang.model import Attempt
from madang.state.store import Store

NUSD = 1_000_000_000


@pytest.fixture(params=["home", "url"])
def office(request, told, gateway):
    """Run commands at either place; what their `--json` says."""
    where = ("--url", gateway.url, "--key", gateway.key) if request.param == "url" else ()
    return lambda *args: told(*args, *where)


@pytest.fixture
def account(office):
    """An account on `pro`, whose plan grants nothing."""
    return office("account", "create", "--name", "Acme", "--plan", "pro")["id"]


@pytest.fixture
def home(madang, tmp_path):
    """The home folder of the commands, with its store open."""
    store = Store(tmp_path / "home")
    yield store
    store.close()


def test_an_account_is_opened_with_what_its_plan_grants(office):
    made = office("account", "create", "--name", "서울", "--time-zone", "Asia/Seoul")
    assert made["id"].startswith("acc_")
    expected = {"plan": "starter", "balance_nusd": 5 * NUSD, "cap_nusd": 5 * NUSD}
    expected |= {"name": "서울", "time_zone": "Asia/Seoul", "limits": {"rpm": 10}}
    assert expected.items() <= made.items()
    assert made in office("account", "list")


def test_credit_refund_and_balance(office, account):
    office("account", "credit", account, "250.000000001", "--reference", f"wire {account}")
    office("account", "credit", account, "250.000000001", "--reference", f"wire {account}")
    office("account", "credit", account, "10", "--kind", "grant", "--note", "welcome")
    office("account", "credit", account, "0.5", "--kind", "correction", "--debit")
    entry = office("account", "refund", account, "100")
    assert (entry["kind"], entry["nusd"]) == ("refund", -100 * NUSD)
    assert office("account", "show", account)["balance_nusd"] == 159_500_000_001


def test_who_asked_is_noted(told, gateway):
    where = ("--url", gateway.url, "--key", gateway.key)
    account = told("account", "create", "--name", "a", *where)["id"]
    entry = told("account", "credit", account, "1", *where)
    admin = [key for key in told("key", "list", *where) if key["name"] == "admin"]
    assert entry["actor"] == admin[0]["id"]


def test_a_plan_is_changed_and_grants_nothing_more(office, account):
    changed = office("account", "plan", account, "starter")
    assert (changed["plan"], changed["balance_nusd"], changed["limits"]) == (
        "starter",
        0,
        {"rpm": 10},
    )


def test_an_account_is_closed_once_nothing_is_left_and_takes_its_keys_with_it(office, account):
    key = office("key", "create", "--name", "k", "--account", account)
    assert key["account_id"] == account
    closed = office("account", "close", account)
    assert closed["closed_at"] is not None
    [found] = [one for one in office("key", "list") if one["id"] == key["id"]]
    assert found["revoked_at"] is not None


@pytest.mark.parametrize(
    "args",
    [
        ("credit", "{}", "-5"),
        ("credit", "{}", "0"),
        ("credit", "{}", "1e9"),
        ("credit", "{}", "999999999"),
        ("credit", "{}", "5", "--debit"),
        ("credit", "acc_nobody", "5"),
        ("refund", "{}", "0.01"),
        ("plan", "{}", "gold"),
        ("show", "acc_nobody"),
        ("statement", "{}", "--from", "2026-11-02", "--to", "2026-11-01"),
        ("settle", "stripe:pi_nobody", "--not-ours"),
        ("settle", "stripe:pi_1"),
    ],
)
def test_what_cannot_be_meant_fails_and_changes_nothing(madang, told, args):
    account = told("account", "create", "--name", "a", "--plan", "pro")["id"]
    result = madang("account", *[arg.format(account) for arg in args])
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    assert told("account", "show", account)["balance_nusd"] == 0


def test_credit_that_is_left_keeps_an_account_open(madang, told):
    account = told("account", "create", "--name", "a")["id"]
    refused = madang("account", "close", account)
    assert refused.exit_code == 1
    assert "balance is 5.000000000 dollars" in refused.stderr
    assert told("account", "close", account, "--write-off")["balance_nusd"] == 0


def test_a_configured_plan_is_known_at_home(told, tmp_path):
    config = tmp_path / "own.yaml"
    config.write_text("plans: {gold: {rpm: 9, credit_usd: 0.1}}")
    made = told("account", "create", "--name", "a", "--plan", "gold", "--config", config)
    assert (made["balance_nusd"], made["limits"]) == (100_000_000, {"rpm": 9})


def use(store, account, number, nusd):
    attempt = Attempt(
        id=f"r{number}.0",
        request_id=f"r{number}",
        n=0,
        at_us=time.time_ns() // 1000,
        key_id="key_a",
        account_id=account,
        dialect="chat",
        asked_model="m",
        model="gpt-4.1",
        provider="openai",
        api="chat",
        outcome="ok",
        cost_nusd=nusd,
    )
    with store.transaction() as transaction:
        record(transaction, [msgspec.json.encode(attempt)])


def test_a_statement_in_csv_adds_up_by_the_spreadsheets_own_sum(madang, told, home):
    account = told("account", "create", "--name", "=cmd()", "--plan", "pro")["id"]
    told("account", "credit", account, "20", "--note", "=HYPERLINK()")
    for number, nusd in enumerate((1, 999_999_999, 123_456_789)):
        use(home, account, number, nusd)
    result = madang("account", "statement", account, "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    opening, *between, closing = rows
    assert (opening["kind"], closing["kind"]) == ("opening", "closing")
    total = Decimal(opening["usd"]) + sum(Decimal(row["usd"]) for row in between)
    assert total == Decimal(closing["usd"]) == Decimal("18.876543211")
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_a_statement_for_people_says_every_figure_exactly(madang, told, home):
    account = told("account", "create", "--name", "Acme", "--plan", "pro")["id"]
    told("account", "credit", account, "20")
    use(home, account, 1, 123_456_789)
    text = madang("account", "statement", account).stdout
    assert "opening balance  0.00" in text
    assert "-0.123456789" in text
    assert "closing balance  19.876543211" in text


def test_a_statement_over_http_is_the_same_record(office, account):
    office("account", "credit", account, "20")
    told = office("account", "statement", account)
    assert (told["opening_nusd"], told["closing_nusd"]) == (0, 20 * NUSD)
    assert [line["kind"] for line in told["lines"]] == ["top_up"]


def test_payments_that_wait_are_listed_and_settled(madang, told, home):
    account = told("account", "create", "--name", "a", "--plan", "pro")["id"]
    for number, currency in enumerate(("JPY", "USD")):
        notice = Notice(
            id=f"stripe:pi_{number}",
            provider="stripe",
            paid=True,
            currency=currency,
            amount=Decimal(1498),
        )
        Payments(home, {}).receive(notice, now_us=time.time_ns() // 1000)
    assert [one["id"] for one in told("account", "payments")] == ["stripe:pi_0", "stripe:pi_1"]
    told(
        *("account", "settle", "stripe:pi_0", "--account", account),
        *("--per-usd", "149.8", "--source", "the invoice"),
    )
    told("account", "settle", "stripe:pi_1", "--not-ours")
    assert told("account", "payments") == []
    assert told("account", "show", account)["balance_nusd"] == 10 * NUSD
    assert "no payment" in madang("account", "settle", "stripe:pi_9", "--not-ours").stderr


def test_a_gateway_takes_no_unknown_member_and_no_number_for_an_amount(gateway, told):
    where = ("--url", gateway.url, "--key", gateway.key)
    account = told("account", "create", "--name", "a", *where)["id"]
    for body in ({"usd": 5}, {"usd": "5", "amount": 7}, {"usd": "5", "kind": "refund"}, {}):
        status, *_ = http(f"{gateway.url}/api/accounts/{account}/credit", gateway.key, body)
        assert status == 400, body
