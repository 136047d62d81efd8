"""What every test shares: how many examples a property gets, in which order rooms come, what is read once."""

import gc
import os
from pathlib import Path

import certifi
import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

EXAMPLES = int(os.environ.get("MADANG_EXAMPLES", "25"))
"""How many examples a property is asked that does not say so itself; `make fuzz` asks for many more."""

FIRST = tuple(
    f"tests/{room}/" for room in ("studio", "server", "cli", "upstream", "drills", "recordings")
)
"""The rooms that start programs: side by side they are begun first, and what is quick fills the end."""

TOGETHER = ("tests/studio/doors/",)
"""Rooms whose modules share what takes seconds to make: side by side, one process runs all of them."""

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


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """The tests and the SDKs stay to the end: the garbage collector need not walk them again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items):
    """Bring the rooms that take long to the front; within a room nothing changes its place."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


class Scheduling(LoadFileScheduling):
    """A process runs whole modules, and whole rooms where they share something dear."""

    def _split_scope(self, nodeid):
        module = super()._split_scope(nodeid)
        return next((room for room in TOGETHER if module.startswith(room)), module)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Take our way where modules are dealt out, and nobody's where tests are."""
    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None
