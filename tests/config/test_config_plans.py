"""Plans and payments in the configuration: exact amounts, secrets that stay secret, and faults named."""

from decimal import Decimal

import pytest

from madang.config import ConfigError, parse
from madang.config.sections.payments import per_usd
from madang.config.sections.plans import DEFAULT_PLANS, Plan
from madang.model.money import nusd_of


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("5", 5_000_000_000),
        ("0.1", 100_000_000),
        ("99.99", 99_990_000_000),
        ("0.000000001", 1),
        ("1000000", 10**15),
    ],
)
def test_dollars_are_what_was_written_to_the_nano_dollar(written, exact):
    plan = parse(f"plans: {{p: {{credit_usd: {written}}}}}", {}).plans["p"]
    assert nusd_of(plan.credit_usd) == exact


def test_a_rate_is_what_was_written():
    settings = parse("payments: {rates: {KRW: {per_usd: 1391.57, source: bank}}}", {})
    assert per_usd(settings.payments.rates["KRW"].per_usd) == Decimal("1391.57")


@pytest.mark.parametrize(
    ("plan", "prepaid"),
    [
        (DEFAULT_PLANS["starter"], True),
        (DEFAULT_PLANS["pro"], True),
        (DEFAULT_PLANS["enterprise"], False),
        (Plan(), False),
        (Plan(rpm=1), True),
        (Plan(prepaid=True), True),
        (Plan(rpm=1, prepaid=False), False),
    ],
)
def test_only_a_plan_that_says_nothing_needs_no_credit_unless_told(plan, prepaid):
    assert plan.is_prepaid is prepaid


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("plans: {p: {credit_usd: -5}}", "plans.p.credit_usd"),
        ("plans: {p: {credit_usd: 0}}", "plans.p.credit_usd"),
        ("plans: {p: {credit_usd: 1e9}}", "plans.p.credit_usd"),
        ("plans: {p: {rpm: 0}}", "plans.p.rpm"),
        ("plans: {p: {price_usd: 9}}", "plans.p"),
        ("plans: {p: {requests: 9}}", "plans.p.requests"),
        ("plans: {'a b': {}}", "plans.a…"),
        ("payments: {rates: {USD: {per_usd: 2, source: x}}}", "payments.rates.USD"),
        ("payments: {rates: {krw: {per_usd: 2, source: x}}}", "payments.rates.krw"),
        ("payments: {rates: {KRW: {per_usd: 0, source: x}}}", "payments.rates.KRW.per_usd"),
        ("payments: {rates: {KRW: {per_usd: 2}}}", "payments.rates.KRW"),
        ("payments: {stripe: {secrets: ['']}}", "payments.stripe.secrets[0]"),
        ("payments: {toss: {secret_key: 'a b'}}", "payments.toss.secret_key"),
        ("payments: {toss: {base_url: 'ftp://x'}}", "payments.toss.base_url"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(text, path):
    with pytest.raises(ConfigError) as refused:
        parse(text, {})
    assert [problem.path for problem in refused.value.problems] == [path]


def test_secrets_of_payment_providers_are_never_printed():
    settings = parse(
        "payments: {stripe: {secrets: [whsec_PLANTED]}, toss: {secret_key: live_sk_PLANTED}}", {}
    )
    assert "PLANTED" not in repr(settings)
