"""The playground answers whatever is asked of it: it is there to be tried."""

import subprocess
import sys

import pytest

from madang import catalog
from madang.drills.playground import unstarted
from madang.ledger.prices import worst_nusd
from madang.model import Usage
from madang.routing.board import Board
from madang.server.process.assembly import assemble

CATALOG = catalog.load()


@pytest.mark.parametrize("name", ["gpt-4", "claude-sonnet-4", "deepseek-r1", "some-new-model"])
def test_no_simulated_model_lacks_anything_or_is_ever_full(name):
    snapshot = assemble({}, unstarted(), CATALOG, Board())
    (target,) = snapshot.directory.resolve(f"playground/{name}", "chat").targets
    assert target.lacks == frozenset()
    assert target.context_window > 10**8
    assert target.max_output > 10**8
    assert target.may_lose


def test_drawing_is_loaded_by_who_draws_not_by_the_gateway():
    looks = "import madang.drills.playground, sys; print('PIL' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", looks], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("work", "name", "unit"),
    [
        ("videos", "animatic", "video_ms"),
        ("speech", "scratch-voice", "characters"),
        ("images", "animatic-still", "images"),
    ],
)
def test_its_media_are_known_to_cost_nothing(work, name, unit):
    snapshot = assemble({}, unstarted(), CATALOG, Board())
    (target,) = snapshot.directory.media.resolve(f"playground/{name}", work).targets
    price = snapshot.price_row(target, 1_790_000_000_000_000)
    assert price is not None
    assert worst_nusd(price, Usage(units={unit: 10_000})) == 0
