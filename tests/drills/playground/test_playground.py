"""The playground answers whatever is asked of it: it is there to be tried."""

import pytest

from madang import catalog
from madang.drills.playground import unstarted
from madang.routing.board import Board
from madang.server.assembly import assemble

CATALOG = catalog.load()


@pytest.mark.parametrize("name", ["gpt-4", "claude-sonnet-4", "deepseek-r1", "some-new-model"])
def test_no_simulated_model_lacks_anything_or_is_ever_full(name):
    snapshot = assemble({}, unstarted(), CATALOG, Board())
    (target,) = snapshot.directory.resolve(f"playground/{name}", "chat").targets
    assert target.lacks == frozenset()
    assert target.context_window > 10**8
    assert target.max_output > 10**8
    assert target.may_lose
