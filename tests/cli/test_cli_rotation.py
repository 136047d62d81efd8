"""`madang key show, update, rotate` and `madang provider key`, on a home folder and through a gateway."""

import json
import stat

import pytest
from cli_gateway import run

SENSELESS = (
    ("rotate",),
    ("rotate", "a", "--all"),
    ("rotate", "a", "--grace", "x"),
    ("update", "a"),
    ("update", "a", "--model", "x", "--all-models"),
    ("update", "a", "--rpm", "0"),
)
SECRET = "sk-proj-PLANTED-0123456789-abcdefghijklmnop"


@pytest.fixture
def remote(madang, gateway):
    """A command that asks the running gateway."""

    def call(*args, **given):
        return madang(*args, "--url", gateway.url, "--key", gateway.key, **given)

    return call


@pytest.fixture(params=["home", "url"])
def asked(request, madang, remote):
    """A command in either place that has to succeed; gives what its `--json` says."""

    def call(*args, **given):
        result = (madang if request.param == "home" else remote)(*args, "--json", **given)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return call


def test_rotate_shows_the_new_secret_once_and_keeps_the_key(asked):
    made = asked("key", "create", "--name", "r1", "--rpm", "5", "--tag", "a=b")
    rotated = asked("key", "rotate", "r1", "--grace", "2h")
    assert rotated["id"] == made["id"]
    assert rotated["key"] != made["key"]
    assert (rotated["rpm"], rotated["tags"]) == (5, {"a": "b"})
    current, before = asked("key", "show", made["id"])["secrets"]
    assert (current["ends_at"], current["prefix"]) == (None, rotated["key"][:8])
    assert before["ends_at"] - current["created_at"] == 7200
    asked("key", "revoke", made["id"])


def test_update_changes_what_is_named(asked):
    made = asked("key", "create", "--name", "u1", "--rpm", "5", "--model", "x", "--budget", "3")
    changed = asked(
        *("key", "update", "u1", "--rpm", "none", "--all-models", "--expires", "2d"),
        *("--budget", "4.5", "--per", "day", "--tag", "team=search"),
    )
    assert (changed["rpm"], changed["models"], changed["tags"]) == (None, [], {"team": "search"})
    assert (changed["budget_nusd"], changed["budget_per"]) == (4_500_000_000, "day")
    assert changed["is_expiring"] is True
    again = asked("key", "update", "u1", "--expires", "none", "--budget", "none", "--no-tags")
    assert (again["expires_at"], again["budget_nusd"], again["tags"]) == (None, None, {})
    assert again["prefix"] == made["prefix"]
    asked("key", "revoke", made["id"])


def test_many_go_into_a_file_that_only_its_owner_reads(madang, told, tmp_path):
    for name in ("a", "b"):
        told("key", "create", "--name", name, "--tag", "team=bulk")
    told("key", "create", "--name", "c")
    out = tmp_path / "secrets.json"
    result = madang("key", "rotate", "--tag", "team=bulk", "--out", out)
    assert result.exit_code == 0
    assert "mdg_" not in result.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert {one["name"] for one in json.loads(out.read_text())} == {"a", "b"}
    again = madang("key", "rotate", "--tag", "team=bulk", "--out", out)
    assert again.exit_code == 1
    assert "cannot be made" in again.stderr


def test_a_rotation_that_fails_leaves_no_file(madang, told, tmp_path):
    told("key", "create", "--name", "a")
    told("key", "revoke", "a")
    out = tmp_path / "secrets.json"
    assert madang("key", "rotate", "a", "--out", out).exit_code == 1
    assert not out.exists()


def test_a_rotation_of_nobody_says_so_and_leaves_no_file(madang, tmp_path):
    madang("key", "create", "--name", "a")
    out = tmp_path / "secrets.json"
    done = madang("key", "rotate", "--tag", "team=none", "--out", out)
    assert done.exit_code == 1
    assert "nothing was rotated" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize("args", SENSELESS)
def test_what_makes_no_sense_is_a_matter_of_usage(madang, told, args):
    told("key", "create", "--name", "a")
    assert madang("key", *args).exit_code == 2


def test_the_table_says_what_needs_doing(madang, told):
    told("key", "create", "--name", "a", "--expires", "3d")
    assert "active (expires soon)" in madang("key", "list").stdout
    assert "works until" in madang("key", "show", "a").stdout


def test_provider_keys_in_either_place(asked, monkeypatch):
    monkeypatch.setenv("PLANTED", SECRET)
    added = asked("provider", "key", "add", "some-provider", "--from-env", "PLANTED")
    assert added["prefix"] == SECRET[:8]
    (listed,) = asked("provider", "key", "list")
    assert (listed["id"], listed["provider"]) == (added["id"], "some-provider")
    assert asked("secret", "rekey")["keys"] == 1
    assert asked("provider", "key", "remove", "some-provider")["id"] == added["id"]
    assert asked("provider", "key", "list") == []


def test_a_provider_key_comes_by_standard_input(tmp_path):
    """In a process of its own: what it prints and what it leaves behind."""
    home = tmp_path / "home"
    done = run("provider", "key", "add", "openai", "--home", home, input=f"{SECRET}\n")
    assert "none of them is `stored`" in done.stdout
    assert done.returncode == 0, done.stderr
    assert "Keep a copy" in done.stderr
    assert SECRET[8:] not in done.stdout + done.stderr
    for file in home.rglob("*"):
        assert SECRET[8:].encode() not in file.read_bytes(), file
    listed = run("models", "--home", home, "--json")
    assert any("openai" in one["providers"] for one in json.loads(listed.stdout))


def test_there_is_no_argument_for_the_key_itself(madang):
    assert madang("provider", "key", "add", "openai", SECRET).exit_code == 2


def test_an_empty_variable_is_a_failure(madang):
    result = madang("provider", "key", "add", "openai", "--from-env", "NOT_SET_ANYWHERE")
    assert result.exit_code == 1


def test_a_key_of_an_unknown_provider_is_kept_with_a_word_and_an_empty_one_is_not(madang):
    assert "no provider 'opneai'" in madang("provider", "key", "add", "opneai", stdin=SECRET).stderr
    empty = madang("provider", "key", "add", "openai", stdin="\n")
    assert empty.exit_code == 1
    assert "No key came on standard input" in empty.stderr


def test_a_master_key_elsewhere(madang, told, tmp_path, monkeypatch):
    monkeypatch.setenv("PLANTED", SECRET)
    file = tmp_path / "master"
    add = ("provider", "key", "add", "openai", "--from-env", "PLANTED")
    assert madang(*add, "--secret-key-file", file).exit_code == 0
    assert file.exists()
    refused = madang("provider", "key", "add", "claude", "--from-env", "PLANTED")
    assert refused.exit_code == 1
    assert "MADANG_SECRET_KEY" in refused.stderr
