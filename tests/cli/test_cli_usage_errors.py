"""Exit status and messages: 2 for a command line that makes no sense, 1 for what went wrong."""

import pwd
import subprocess
import sys

import pytest
from cli_gateway import BARE

KEY = "mdg_" + "k" * 43
PROVIDER = "providers: {mine: {kind: openai, base_url: 'http://127.0.0.1:1/v1'}}\n"


@pytest.mark.parametrize(
    "line",
    [
        "frobnicate",
        "key create",
        "key create --name a --expires tomorrow",
        "key create --name a --budget -5",
        "key create --name a --budget 1e3",
        "key create --name a --per month",
        "key create --name a --budget 5 --per year",
        "key create --name a --tag team",
        "key create --name a --rpm 0",
        "key list --url http://127.0.0.1:1",
        "key list --url 127.0.0.1:8080 --key " + KEY,
        "usage --month --from 2026-11-01",
        "usage --from 2026-11-31",
        "usage --from 2026-11-02 --to 2026-11-01",
        "explain",
        "up --port 70000",
        "up --workers 0",
        "sim --error-rate 2",
        "sim --error-status 200",
        "sim --fault no_such_fault",
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2(madang, line):
    result = madang(*line.split())
    assert result.exit_code == 2, result.output
    assert "Error: " in result.stderr


def test_a_dimension_that_usage_does_not_know_is_named(madang):
    madang("key", "create", "--name", "a")
    result = madang("usage", "--by", "moon")
    assert result.exit_code == 2
    assert "'moon'" in result.stderr


def test_two_places_are_one_too_many(madang, tmp_path):
    result = madang("usage", "--home", tmp_path, "--url", "http://h", "--key", KEY)
    assert result.exit_code == 2


def test_the_command_line_counts_more_than_the_environment(madang, tmp_path):
    madang("key", "create", "--name", "a", "--home", tmp_path)
    environ = {"MADANG_URL": "http://127.0.0.1:1", "MADANG_KEY": KEY}
    assert madang("key", "list", "--home", tmp_path, environ=environ).exit_code == 0
    assert madang("key", "list", environ=environ).exit_code == 1


@pytest.mark.parametrize("line", ["usage", "key list", "key revoke a", "explain req_1"])
def test_a_question_to_an_installation_that_is_not_there_makes_none(madang, tmp_path, line):
    home = tmp_path / "absent"
    result = madang(*line.split(), "--home", home)
    assert result.exit_code == 1
    assert "madang up" in result.stderr
    assert not home.exists()


@pytest.mark.parametrize("command", ["up", "models"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: {a: {targets: [absent/b]}}", "absent/b"),
        ("providrs: {}", "providers"),
        ("providers: {mine: {base_url: 'http://h/v1'}}", "kind"),
        (PROVIDER + "models: {a: {targets: [nowhere/b]}}", "nowhere/b"),
    ],
)
def test_a_configuration_that_is_wrong_is_told_and_ends_with_1(
    madang, tmp_path, command, text, said
):
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    result = madang(command, "--config", file)
    assert result.exit_code == 1, result.output
    assert said in result.stderr


def test_nothing_that_a_command_does_not_need_is_imported():
    """`--help` loads no command; `up` loads neither rich nor the simulator."""
    program = "import sys, {}; print([m for m in {} if m in sys.modules])"
    for module, unwanted in {
        "madang.cli": ["madang.cli.up", "madang.server", "yaml", "rich", "asyncio"],
        "madang.cli.up": ["rich", "madang.drills.simulator", "madang.client", "hypothesis"],
    }.items():
        command = [sys.executable, "-c", program.format(module, unwanted)]
        done = subprocess.run(command, env=BARE, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_user_without_a_home_is_asked_for_a_folder(madang, monkeypatch):
    """Containers run as users that no list knows."""

    def nobody(_):
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    result = madang("key", "list", environ={"HOME": None, "MADANG_HOME": None})
    assert result.exit_code == 2
    assert "give --home, or $MADANG_HOME" in result.output
