"""A trial: its steps, what ends it, and what may happen in which state."""

import msgspec
import pytest

from madang.config.sections.canaries import Canary, Tolerance
from madang.errors import Conflict
from madang.routing.canary.evidence import Evidence, Seen
from madang.routing.canary.ramp import Trial, after, judge

TERMS = Canary("m", "p/new", step_requests=3, step_s=10)
TRIAL = Trial("next", 1, TERMS, began_us=0, step_us=0)
SECOND = 1_000_000


def seen(arm="canary", at_s=0, failed=False, drawn=True, **more):
    return Seen(arm, drawn, at_s * SECOND, failed, is_fault=bool(failed), **more)


def evidence(*rows):
    found = Evidence()
    for row in rows:
        found.take(row, Tolerance())
    return found


def test_a_step_needs_its_requests_and_its_time():
    enough, few = evidence(seen(), seen(), seen()), evidence(seen(), seen())
    assert judge(TRIAL, enough, 9 * SECOND) is None
    assert judge(TRIAL, few, 99 * SECOND) is None
    assert judge(TRIAL, enough, 10 * SECOND).kind == "advanced"


def test_the_ramp_goes_5_15_50_100_and_ends_with_the_promotion():
    trial, shares = TRIAL, []
    while trial.state == "running":
        shares.append(trial.percent)
        decision = judge(trial, evidence(seen(), seen(), seen()), trial.step_us + 10 * SECOND)
        trial = after(trial, decision.kind, trial.step_us + 10 * SECOND)
    assert shares == [5, 15, 50, 100]
    assert (trial.state, trial.percent) == ("promoted", 100)


def test_a_ramp_starts_at_the_given_share_and_may_have_no_steps():
    assert Canary("m", "p/n", percent=30).steps == (30, 50, 100)
    stays = Trial("n", 1, msgspec.structs.replace(TERMS, ramp=()), 0, 0)
    assert judge(stays, evidence(seen(), seen(), seen()), 99 * SECOND) is None


def test_five_failures_in_a_row_end_a_trial_and_four_do_not():
    fails = [seen(failed=True) for _ in range(5)]
    assert judge(TRIAL, evidence(*fails[:4]), 0) is None
    assert judge(TRIAL, evidence(*fails[:4], seen(), *fails[:4]), 0) is None
    assert "5 failures one after another" in judge(TRIAL, evidence(*fails), 0).why


def test_a_canary_that_only_fails_gets_no_greater_share_however_short_its_steps():
    fails = [seen(failed=True) for _ in range(4)]
    assert judge(TRIAL, evidence(*fails), 99 * SECOND) is None
    assert judge(TRIAL, evidence(*fails, seen()), 99 * SECOND).kind == "advanced"


def test_ten_failures_in_five_minutes_end_a_trial_and_each_success_takes_one_off():
    """Four failures and a success again and again: three more each time."""
    rows = [seen(at_s=at, failed=at % 5 != 4) for at in range(17)]
    assert judge(TRIAL, evidence(*rows[:13]), 0) is None
    assert "10 failures within 5 minutes" in judge(TRIAL, evidence(*rows[:14]), 0).why


def test_failures_longer_ago_than_five_minutes_do_not_count():
    rows = [seen(at_s=at * 100, failed=at % 5 != 4) for at in range(17)]
    assert judge(TRIAL, evidence(*rows), 0) is None


def test_a_failure_that_is_the_callers_own_is_none_in_a_row():
    rows = [Seen("canary", True, 0, failed=True) for _ in range(9)]
    assert judge(TRIAL, evidence(*rows), 0) is None


def test_what_the_draw_did_not_decide_is_not_compared():
    rows = [seen(drawn=False) for _ in range(40)] + [seen("stable", drawn=False)]
    found = evidence(*rows)
    assert found.requests == 40
    assert found.tallies["errors"].comparison.canary == 0


def test_a_canary_as_slow_as_is_tolerated_goes_on_and_a_slower_one_ends():
    def slower(share):
        rows = []
        for at in range(400):
            usual = 1000 + at % 100
            rows += [seen("stable", latency=usual), seen(latency=int(usual * share))]
        return evidence(*rows).harm()

    assert slower(1.15) is None
    assert "slower" in slower(1.5)


def test_evidence_survives_the_store():
    found = evidence(*(seen(latency=100 + at) for at in range(30)), seen("stable", latency=7))
    kept = msgspec.json.decode(msgspec.json.encode(found), type=Evidence)
    assert kept == found


@pytest.mark.parametrize("state", ["promoted", "rolled_back", "aborted"])
def test_a_trial_that_is_over_is_not_judged_and_not_aborted(state):
    over = msgspec.structs.replace(TRIAL, state=state)
    assert judge(over, evidence(*[seen(failed=True)] * 9), 0) is None
    with pytest.raises(Conflict):
        after(over, "aborted", 0)


def test_a_promoted_canary_can_be_rolled_back():
    promoted = after(TRIAL, "promoted", 5)
    assert after(promoted, "rolled_back", 6).percent == 0
