"""What is done about each kind of failure: complete, and never a retry of a caller's own mistake."""

from contextlib import suppress
from typing import get_args

import pytest

from madang import errors
from madang.errors import (
    Kind,
    Phase,
    ProviderError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOverloaded,
    ProviderPaced,
    ProviderRateLimited,
    ProviderTimedOut,
)
from madang.model import Target
from madang.routing.board import Board
from madang.routing.causes import GIVE_UP, REMEDIES, TIMEOUTS, remedy_for, rest_s
from madang.routing.plan import propose
from madang.routing.route import Fallback, Route


def tree(cls):
    """A class of errors and all below it."""
    yield cls
    for below in cls.__subclasses__():
        yield from tree(below)


def made(cls):
    """An error of a class."""
    return cls("so it is", phase="total") if cls is ProviderTimedOut else cls("so it is")


OURS = [cls for cls in tree(errors.MadangError) if not issubclass(cls, ProviderError)]
PROVIDERS = [cls for cls in tree(ProviderError) if cls.__module__ == "madang.errors"]


def test_every_kind_of_failure_has_its_row():
    assert set(REMEDIES) == set(get_args(Kind))
    assert set(TIMEOUTS) == set(get_args(Phase))


@pytest.mark.parametrize("cls", OURS)
def test_a_callers_mistake_and_our_own_are_taken_nowhere(cls):
    assert remedy_for(made(cls)) == GIVE_UP


@pytest.mark.parametrize("cls", PROVIDERS)
def test_the_plan_goes_on_exactly_where_the_table_says_so(cls):
    """`retryable` is what a plan asks; a fallback that is named for a cause is asked beside it."""
    assert (remedy_for(made(cls)).elsewhere in {"any", "larger"}) is cls.retryable


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422])
def test_what_a_provider_rejects_is_asked_of_nobody(status):
    error = errors.ProviderRejected("no", upstream_status=status)
    assert remedy_for(error) == GIVE_UP


@pytest.mark.parametrize(
    "error",
    [
        errors.ProviderRefusedKey("our key", upstream_status=401),
        errors.ProviderOutOfQuota("our account", upstream_status=429),
        errors.ProviderLacksModel("gone", upstream_status=410),
        errors.ContextOverflow("too long", upstream_status=400),
        errors.ContentFiltered("no", upstream_status=400),
        errors.ProviderTimedOut("as long as it may", phase="total"),
        errors.ProviderPaced("no room"),
    ],
)
def test_a_wait_is_in_vain_where_time_heals_nothing(error):
    assert not remedy_for(error).again


@pytest.mark.parametrize("phase", ["connect", "first_byte", "first_token", "idle"])
def test_what_may_be_over_in_a_moment_is_worth_a_wait(phase):
    passing = (
        errors.ProviderRateLimited("slow down", upstream_status=429),
        errors.ProviderOverloaded("busy", upstream_status=529),
        errors.ProviderFailed("down", upstream_status=500),
        errors.ProviderUnreachable("refused"),
        errors.ProviderBroken("cut"),
        errors.ProviderTimedOut("silent", phase=phase),
    )
    for error in passing:
        assert remedy_for(error).again
        assert remedy_for(error).elsewhere == "any"


def test_only_what_a_key_may_be_blamed_for_is_tried_with_another():
    kinds = {kind for kind, remedy in REMEDIES.items() if remedy.other_key}
    assert kinds == {"provider_auth", "provider_quota", "rate_limit"}


def proposed(route, error):
    """The providers that a plan proposes while all fail so."""
    plan = propose(route, Board(), 0.0, 0.0)
    seen = [next(plan).provider]
    with suppress(StopIteration):
        while True:
            seen.append(plan.send(error).provider)
    return seen


def test_what_a_policy_refuses_goes_only_where_a_fallback_is_named_for_that():
    a, b, c, d = (Target(name, "m", "chat") for name in "abcd")
    named, usual = Fallback((c,), frozenset({"content_filter"})), Fallback((d,))
    refused = errors.ContentFiltered("no", upstream_status=400)
    assert proposed(Route("m", (a, b), fallbacks=(usual, named)), refused) == ["a", "c"]
    assert proposed(Route("m", (a, b), fallbacks=(usual,)), refused) == ["a"]


@pytest.mark.parametrize(
    ("error", "is_waited_for", "rest"),
    [
        (ProviderRateLimited("no", upstream_status=429, retry_after_s=7.0), False, 7.0),
        (ProviderRateLimited("no", upstream_status=429, retry_after_s=7.0), True, 0.0),
        (ProviderRateLimited("no", upstream_status=429), False, 0.0),
        (ProviderRateLimited("no", upstream_status=429, retry_after_s=9e9), False, 3600.0),
        (ProviderOverloaded("no", upstream_status=529, retry_after_s=2.0), False, 2.0),
        (ProviderPaced("our own line", retry_after_s=5.0), False, 0.0),
        (ProviderFailed("no", upstream_status=500, retry_after_s=5.0), False, 0.0),
        (ProviderLacksModel("no", upstream_status=404), True, 600.0),
    ],
)
def test_a_target_rests_for_as_long_as_its_provider_asks_where_no_line_minds_that(
    error, is_waited_for, rest
):
    assert rest_s(error, is_waited_for=is_waited_for) == rest
