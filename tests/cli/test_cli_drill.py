"""`madang drill --target`: begun, shown and stopped on a home folder and on a running gateway."""

import json

import pytest

from madang.state.store import Store


@pytest.fixture(params=["home", "url"])
def drill(request, madang, tmp_path):
    """Run a command on a home folder in which a gateway was started once, and on a running one."""
    if request.param == "home":
        Store(tmp_path / "other").close()
        place = ("--home", tmp_path / "other")
    else:
        gateway = request.getfixturevalue("gateway")
        place = ("--url", gateway.url, "--key", gateway.key)
    return lambda *args: madang("drill", *args, *place)


def test_begun_shown_and_stopped(drill):
    reach = ("--tag", "drill=1", "--percent", "50", "--minutes", "2", "--json")
    begun = drill("storm", "--target", "playground", *reach)
    assert begun.exit_code == 0, begun.output
    (one,) = json.loads(begun.stdout)
    assert (one["is_running"], one["drill"]["tags"]) == (True, {"drill": "1"})
    assert "50 %, drill=1" in drill("--running").stdout
    assert [it["id"] for it in json.loads(drill("--stop", "--json").stdout)] == [one["id"]]
    assert json.loads(drill("--stop", "--json").stdout) == []


@pytest.mark.parametrize(
    "wrong",
    [("--target", "p"), ("storm", "cut", "--target", "p"), ("bad-json", "--target", "p")],
)
def test_one_fault_is_named(drill, wrong):
    assert drill(*wrong).exit_code == 2
