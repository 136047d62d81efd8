"""Errors of ours have one status, whatever the caller's dialect."""

import pytest

from madang import errors
from madang.errors import MadangError, ProviderError
from madang.wire.registry import WIRES


def below(cls):
    """A class of errors and all below it, but for what providers did."""
    if not issubclass(cls, ProviderError):
        yield cls
        for one in cls.__subclasses__():
            yield from below(one)


OURS = [cls for cls in below(MadangError) if cls.__module__ == errors.__name__]


@pytest.mark.parametrize("dialect", sorted(WIRES))
def test_each_is_told_with_the_status_that_its_class_names(dialect):
    """529 is Anthropic's own word for what others call 503: its SDK retries both."""
    for cls in OURS:
        status, _ = WIRES[dialect].write_error(cls("so it is"))
        assert {529: 503}.get(status, status) == cls.status, cls.__name__
