"""`madang canary` on a home folder: started, promoted, rolled back, shown; what makes no sense is told."""

import pytest

from madang.state.store import Store


@pytest.fixture
def home(tmp_path, madang):
    """A home in which a gateway was started once."""
    Store(tmp_path / "home").close()
    return tmp_path / "home"


START = ("canary", "start", "next", "--model", "gpt-4.1", "--to", "openai/gpt-5")


@pytest.mark.usefixtures("home")
def test_start_promote_and_roll_back_tell_how_it_stands(told):
    started = told(*START, "--ramp", "20,100", "--step-s", "1.5")
    assert (started["state"], started["percent"]) == ("running", 5)
    assert started["terms"]["ramp"] == [20, 100]
    assert told("canary", "promote", "next")["percent"] == 100
    assert told("canary", "rollback", "gpt-4.1")["state"] == "rolled_back"
    assert told("canary", "start", "next")["trial"] == "next.2"
    kinds = [event["kind"] for event in told("canary", "show", "next")["events"]]
    assert kinds == ["started", "rolled_back", "promoted", "started"]


@pytest.mark.usefixtures("home")
def test_a_switch_is_promoted_at_once(told, madang):
    assert told("canary", "switch", "gpt-4.1", "--to", "openai/gpt-5")["state"] == "promoted"
    assert "switch-gpt-4.1" in madang("canary", "list").output
    assert "no requests" not in madang("canary", "show", "gpt-4.1").output


@pytest.mark.usefixtures("home")
def test_watch_ends_with_the_trial_and_its_status_says_how(madang):
    madang(*START)
    madang("canary", "abort", "next")
    ended = madang("canary", "watch", "next")
    assert ended.exit_code == 1
    assert "aborted" in ended.output
    madang("canary", "switch", "m", "--to", "p/n")
    assert madang("canary", "watch", "m").exit_code == 0


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("start", "a", "--model", "m"), 2, "together"),
        (("start", "a", "--model", "m", "--to", "p/n", "--ramp", "x"), 2, "list of shares"),
        (("start", "a", "--model", "m", "--to", "p/n", "--ramp", "9,5"), 2, "larger"),
        (("promote", "nobody"), 1, "no canary `nobody`"),
    ],
)
def test_what_makes_no_sense_is_told(madang, arguments, status, words):
    result = madang("canary", *arguments)
    assert result.exit_code == status
    assert words in result.output


def test_a_running_gateway_is_told_the_same(told, gateway):
    place = ("--url", gateway.url, "--key", gateway.key)
    terms = ("--model", "gpt-4o", "--to", "playground/claude-sonnet-4")
    assert told("canary", "start", "far", *terms, *place)["state"] == "running"
    assert told("canary", "abort", "far", *place)["state"] == "aborted"
    assert told("canary", "show", "far", *place)["now"]["percent"] == 0
    model = "playground/gpt-4o-mini"
    to = ("--to", "playground/claude-sonnet-4")
    assert told("canary", "switch", model, *to, *place)["percent"] == 100
    assert told("canary", "rollback", model, *place)["percent"] == 0
