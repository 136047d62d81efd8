"""`madang cutover`: the same on a home folder and on a running gateway."""

import json

import pytest

from madang.state.store import Store


@pytest.fixture(params=["home", "url"])
def cutover(request, madang, tmp_path):
    """Run a command on a home folder in which a gateway was started once, and on a running one."""
    if request.param == "home":
        Store(tmp_path / "other").close()
        place, origin, to = ("--home", tmp_path / "other"), "old/m", "openai/gpt-5"
    else:
        gateway = request.getfixturevalue("gateway")
        place = ("--url", gateway.url, "--key", gateway.key)
        origin, to = "playground/gpt-4.1", "playground/claude-sonnet-4"

    def call(*args):
        options = ("--from", origin, "--to", to) if args[0] == "first" else ()
        args = ("start", *args[1:]) if options else args
        return madang("cutover", *args, *options, *place)

    return call


def told(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_steps_back_and_end(cutover):
    begun = told(cutover("first", "gpt-4.1-mini", "--steps", "5,30", "--json"))
    assert (begun["state"], begun["percent"], begun["terms"]["ramp"]) == ("running", 5, [30])
    assert told(cutover("next", "gpt-4.1-mini", "--json"))["percent"] == 30
    assert told(cutover("next", "gpt-4.1-mini", "--json"))["state"] == "promoted"
    assert "0 % to" in cutover("back", "gpt-4.1-mini").stdout
    assert "until it is started once more" in cutover("next", "gpt-4.1-mini").output
    assert told(cutover("start", "gpt-4.1-mini", "--json"))["percent"] == 5
    assert "else to" in cutover("status", "gpt-4.1-mini").stdout
    assert "cutover-gpt-4.1-mini" in cutover("status").stdout
    assert "over" in cutover("end", "gpt-4.1-mini").stdout
    kinds = [one["kind"] for one in told(cutover("status", "gpt-4.1-mini", "--json"))["events"]]
    assert kinds[:3] == ["aborted", "started", "rolled_back"]


def test_what_makes_no_sense_is_told(cutover):
    assert cutover("start", "m", "--from", "a/b").exit_code == 2
    assert cutover("first", "m", "--steps", "x").exit_code == 2
    assert cutover("first", "gpt-4.1", "--steps", "9,5").exit_code == 2
    for nobody in (cutover("next", "nobody"), cutover("status", "nobody")):
        assert nobody.exit_code == 1
        assert "There is no cut-over of `nobody`." in nobody.output
