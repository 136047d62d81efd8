"""The `provider` object of chat bodies, as OpenRouter's users write it."""

import json

import pytest
from routing_crowd import priced

from madang.errors import InvalidRequest, ProviderFailed
from madang.model import PriceRow, Target
from madang.routing.board import Board
from madang.routing.case import Case, Memory
from madang.routing.plan import propose
from madang.routing.provider_wishes import read_wishes
from madang.routing.route import Fallback, Route

A = Target("a", "m", "chat", home="openai")
B = Target("b", "m", "chat", is_private=True)
C = Target("c", "m", "chat", home="azure")
D = Target("d", "m", "chat")
ROUTE = Route("m", (A, B, C), fallbacks=(Fallback((D,)),))


class Priced:
    """Dollars per million tokens: a 3 and 15, b 1 and 4, the others unknown."""

    def price_row(self, target: Target, _: int) -> PriceRow | None:
        prices = {"a": (3, 15), "b": (1, 4)}.get(target.provider)
        if prices is None:
            return None
        return priced(prices[0] * 10**9, prices[1] * 10**9)

    def quality_of(self, _: Target) -> None:
        return None


def walk(wishes: dict) -> str:
    """The providers in the order in which they are proposed, while each fails."""
    case = Case(Priced(), Memory(), wishes=read_wishes(json.dumps(wishes).encode()))
    plan, proposed = propose(ROUTE, Board(), 0.0, 0.0, None, case), ""
    target = next(plan, None)
    while target is not None:
        proposed += target.provider
        try:
            target = plan.send(ProviderFailed("x"))
        except StopIteration:
            break
    return proposed


@pytest.mark.parametrize(
    ("wishes", "proposed"),
    [
        ({}, "abcd"),
        ({"order": ["C", "b"]}, "cbad"),
        ({"order": ["azure", "b"], "allow_fallbacks": False}, "cb"),
        ({"only": ["openai", "d"]}, "ad"),
        ({"ignore": ["a", "azure/turbo"]}, "bd"),
        ({"allow_fallbacks": False}, "a"),
        ({"max_price": {"prompt": 2}}, "b"),
        ({"max_price": {"completion": 20}}, "ab"),
        ({"sort": "price"}, "bacd"),
        ({"sort": {"by": "price", "partition": "none"}}, "bacd"),
        ({"data_collection": "deny"}, "b"),
        ({"zdr": True}, "b"),
        ({"only": ["nobody"]}, ""),
        ({"require_parameters": True, "data_collection": "allow"}, "abcd"),
    ],
)
def test_wishes_are_heeded(wishes: dict, proposed: str) -> None:
    assert walk(wishes) == proposed


@pytest.mark.parametrize("wishes", [{"quantizations": ["int8"]}, {"order": "a"}, {"sort": "luck"}])
def test_what_cannot_be_heeded_is_refused(wishes: dict) -> None:
    with pytest.raises(InvalidRequest, match="provider"):
        read_wishes(json.dumps(wishes).encode())


@pytest.mark.parametrize("raw", [b'"azure"', b"null", b"7"])
def test_what_is_no_object_means_something_else(raw: bytes) -> None:
    assert read_wishes(raw) is None
