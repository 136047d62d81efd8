"""Which key takes a request: rests, probes, and loads."""

import pytest

from madang.catalog.paces import load_paces
from madang.config.sections.pacing import Pace
from madang.config.sections.providers import Provider
from madang.model import Target
from madang.routing.board import FULL, READY, RESTING, Board
from madang.routing.pacing import Pacing, Terms
from madang.routing.pacing.rest import Rest
from madang.state.table import Table

TARGET = Target("openai", "gpt-4.1", "chat", "gpt-4.1")
KEYS = ("sk-first-of-three", "sk-second-of-three", "sk-third-of-three")


def gate(keys=KEYS, pacing=None, **given):
    terms = Terms(Provider(**{"concurrency": "off", "limits": {}, **given}), "openai", load_paces())
    return (pacing or Pacing(Table())).turnstile(TARGET, keys, terms)


def test_rests_double_from_a_minute_to_an_hour():
    rest, now, rests = Rest(), 0.0, []
    for _ in range(9):
        rest.refused("provider_auth", now)
        rests.append(rest.until - now)
        now = rest.until
        assert rest.allows(now)
        rest.asked(now)
    assert rests == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_one_request_probes_a_resting_key_and_an_answer_ends_the_rest():
    rest = Rest()
    rest.refused("provider_quota", 0.0)
    assert not rest.allows(59.0)
    rest.asked(60.0)
    assert not rest.allows(60.1), "one probe at a time"
    rest.inconclusive()
    assert rest.allows(60.2), "it told nothing: the next is the probe"
    rest.answered()
    assert rest.allows(60.3)
    rest.refused("provider_quota", 61.0)
    assert rest.until == 121.0, "after an answer it begins anew"


def test_a_key_that_is_refused_rests_and_the_others_go_on():
    turnstile = gate()
    turn = turnstile.enter(1, 0.0)
    turn.refused("provider_auth", 401, None, 0.0)
    turn.end(0)
    used = [turnstile.enter(1, 1.0).key for _ in range(6)]
    assert turn.key not in used
    assert len(set(used)) == 2


def test_a_single_key_never_rests():
    turnstile = gate(keys=KEYS[:1])
    turn = turnstile.enter(1, 0.0)
    turn.refused("provider_auth", 401, None, 0.0)
    assert turnstile.cause(0.0) is None
    assert turnstile.enter(1, 0.1) is not None


def test_a_key_that_is_too_fast_is_left_alone_until_the_stated_moment():
    turnstile = gate(keys=KEYS[:2])
    turn = turnstile.enter(1, 0.0)
    turn.refused("rate_limit", 429, 5.0, 0.0)
    turn.end(0)
    assert {turnstile.enter(1, 1.0).key for _ in range(4)} == {1 - turn.key}
    assert turnstile.has_room(1.0)


def test_limits_of_each_key_add_up():
    turnstile = gate(key_limits={"*": Pace(rpm=60, burst=5)})
    assert len([turn for turn in (turnstile.enter(1, 0.0) for _ in range(40)) if turn]) == 15


def test_limits_of_a_model_hold_for_all_its_keys_together():
    turnstile = gate(limits={"gpt-4.1": Pace(rpm=60, burst=5)})
    assert len([turn for turn in (turnstile.enter(1, 0.0) for _ in range(40)) if turn]) == 5


def test_what_is_known_of_a_key_outlives_a_configuration_that_keeps_it():
    pacing = Pacing(Table())
    turn = gate(pacing=pacing).enter(1, 0.0)
    turn.refused("provider_auth", 401, None, 0.0)
    refused = KEYS[turn.key]
    others = tuple(key for key in KEYS if key != refused)
    pacing.keep({"openai": (refused, others[0])})
    later = gate(keys=(others[0], refused), pacing=pacing)
    assert {later.enter(1, 1.0).key for _ in range(3)} == {0}
    turn.end(0)


def test_no_more_than_half_of_a_short_key_is_ever_shown():
    turnstile = gate(keys=("sk-abcdefghijklmnop", "short"))
    assert {lane.key.prefix for lane in turnstile.keys} == {"sk-abcde", "sh"}


@pytest.mark.parametrize(
    ("retry_after_s", "expected"), [(30.0, RESTING), (0.5, FULL), (None, FULL)]
)
def test_a_provider_that_wants_to_be_left_alone_makes_its_target_rest(retry_after_s, expected):
    board = Board()
    standing = board.standing(TARGET)
    standing.turnstile = turnstile = gate(keys=KEYS[:1])
    assert standing.readiness(0.0) == READY
    for _ in range(20):
        turn = turnstile.enter(1, 0.0)
    turn.refused("rate_limit", 429, retry_after_s, 0.0)
    assert standing.readiness(0.01) == expected
    standing.waiting = 1
    assert standing.readiness(0.01) == RESTING
