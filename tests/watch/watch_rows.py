"""Rows of finished attempts, for the tests of watching."""

from itertools import count

from madang.model import Attempt

_numbers = count(1)


def attempt(**given):
    """An attempt that was answered; what is given replaces that."""
    number = next(_numbers)
    request = given.pop("request_id", f"req_{number}")
    usual = {
        "id": f"{request}.{given.get('n', 0)}",
        "request_id": request,
        "n": 0,
        "at_us": 1_800_000_000_000_000,
        "key_id": "key_1",
        "dialect": "chat",
        "asked_model": "m",
        "model": "m",
        "provider": "p",
        "api": "chat",
        "outcome": "ok",
        "status": 200,
        "latency_us": 1_000_000,
        "cost_nusd": 0,
    }
    return Attempt(**{**usual, **given})


def failed(cause="provider_failed", status=500, **given):
    """An attempt that a provider failed at."""
    return attempt(outcome="failed", cause=cause, status=status, **given)
