"""What every test shares: how many examples a property gets, in which order modules begin, what is read once."""

import atexit
import gc
import os
import posixpath
from collections import Counter
from pathlib import Path

import certifi
import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

EXAMPLES = int(os.environ.get("MADANG_EXAMPLES", "25"))
"""How many examples a property is asked that does not say so itself; `make fuzz` asks for many more."""

TOGETHER = ("tests/studio/doors", "tests/studio/film", "tests/recordings")
"""Rooms whose modules share what takes seconds to make: side by side, one process runs all of them."""

LONGEST = (
    *TOGETHER,
    "tests/server/test_server_media_lost.py",
    "tests/cli/test_cli_up.py",
    "tests/server/test_server_budget_edge.py",
    "tests/studio/drills/test_studio_films.py",
    "tests/routing/test_canary_drill.py",
    "tests/server/test_server_drills.py",
    "tests/server/test_server_media_kills.py",
    "tests/studio/core/test_studio_core_runner.py",
    "tests/style/test_style_house.py",
    "tests/server/test_server_media.py",
    "tests/server/test_server_kills.py",
    "tests/media/test_media_bucket.py",
    "tests/migration/test_migration_litellm.py",
    "tests/server/test_server_canary.py",
    "tests/upstream/test_upstream_deadlines.py",
    "tests/server/test_server_media_remakes.py",
    "tests/server/test_server_pacing.py",
)
"""What takes ten seconds and more, the longest first: begun late, it would end alone."""

# No time limit per example: a busy machine is no defect. In continuous integration the parent is
# hypothesis's own `ci` profile, with a fixed seed.
if settings.get_current_profile_name() in ("default", "ci"):
    parent = settings.get_profile(settings.get_current_profile_name())
    settings.register_profile("steady", parent=parent, deadline=None, max_examples=EXAMPLES)
    settings.load_profile("steady")

# Every client of the SDKs and of httpx reads the web's authorities when it is made, for 30 ms, hundreds
# of times; no test asks anybody there.
AUTHORITY = str(Path(__file__).with_name("authority.pem"))
os.environ["SSL_CERT_FILE"] = AUTHORITY
certifi.where = lambda: AUTHORITY

# Freeing what thousands of tests have left takes a process seconds, and the run waits for it. What is registered
# later runs before: multiprocessing, too, which ends gateways that a failed test has left.
if "PYTEST_XDIST_WORKER" in os.environ:
    atexit.register(os._exit, 0)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """The tests and the SDKs stay to the end: the garbage collector need not walk them again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(config, items):
    """Side by side, begin with what is long, and then take from every room in turn.

    Some rooms wait most of their time and some reckon: processors are busy while there is something of each.
    """
    if hasattr(config, "workerinput"):
        places = _places(dict.fromkeys(_unit(item.nodeid) for item in items))
        items.sort(key=lambda item: places[_unit(item.nodeid)])


def _places(units):
    """Where each stands: a long one by its number, others by how much of their room comes before them."""
    sizes, before = Counter(map(posixpath.dirname, units)), Counter()
    places = {}
    for unit in units:
        room = posixpath.dirname(unit)
        places[unit] = len(LONGEST) + before[room] / sizes[room]
        before[room] += 1
    return places | {unit: place for place, unit in enumerate(LONGEST)}


def _unit(nodeid):
    """What one process runs: a module, or a room whose modules share something dear."""
    module = nodeid.partition("::")[0]
    room = posixpath.dirname(module)
    return room if room in TOGETHER else module


class Scheduling(LoadFileScheduling):
    """A process runs whole units."""

    def _split_scope(self, nodeid):
        return _unit(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Take our way where modules are dealt out, and nobody's where tests are."""
    if config.getvalue("dist") != "loadfile":
        return None
    gone = [unit for unit in LONGEST if not config.rootpath.joinpath(unit).exists()]
    if gone:
        raise pytest.UsageError(f"tests/conftest.py calls {gone} long, and they are not there")
    return Scheduling(config, log)
