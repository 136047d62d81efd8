"""`madang key` on a home folder: made, shown once, listed without the secret, ended by id or name."""

import pytest


def test_create_prints_id_and_key_and_what_was_set(told):
    made = told(
        *("key", "create", "--name", "검색", "--expires", "1d", "--model", "gpt-*", "--model", "x"),
        *(
            "--tag",
            "team=search",
            "--rpm",
            "5",
            "--tpm",
            "600",
            "--budget",
            "12.50",
            "--per",
            "day",
        ),
    )
    assert made["id"].startswith("key_")
    assert made["key"].startswith("mdg_")
    assert made["prefix"] == made["key"][:8]
    assert made["expires_at"] == made["created_at"] + 86_400
    expected = {"name": "검색", "models": ["gpt-*", "x"], "tags": {"team": "search"}, "rpm": 5}
    limits = {"tpm": 600, "budget_nusd": 12_500_000_000, "budget_per": "day"}
    assert expected | limits == {name: made[name] for name in expected | limits}


def test_for_people_the_key_stands_alone_on_standard_output(madang):
    result = madang("key", "create", "--name", "a")
    assert len(result.stdout.strip()) == 47
    assert "shown this once" in result.stderr


def test_the_secret_is_shown_once_and_kept_nowhere(madang, told, tmp_path):
    made = told("key", "create", "--name", "a")
    secret = made["key"][8:]
    assert secret not in madang("key", "list").output
    assert secret not in madang("key", "list", "--json").output
    assert secret not in madang("key", "revoke", "a", "--json").output
    files = [file for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert files
    assert not any(secret.encode() in file.read_bytes() for file in files)


def test_the_list_tells_states(told):
    told("key", "create", "--name", "live")
    told("key", "create", "--name", "old")
    told("key", "revoke", "old")
    assert {key["name"]: key["state"] for key in told("key", "list")} == {
        "live": "active",
        "old": "revoked",
    }


def test_a_small_budget_is_shown_to_its_last_decimal(madang):
    madang("key", "create", "--name", "a", "--budget", "0.003")
    assert "$0.003" in madang("key", "list").stdout


def test_where_there_is_no_key_the_list_says_how_to_make_one(madang, tmp_path):
    madang("account", "list", "--home", tmp_path)  # makes the store
    assert "madang key create" in madang("key", "list", "--home", tmp_path).stdout


def test_an_end_that_no_calendar_has_is_refused(madang):
    refused = madang("key", "create", "--name", "a", "--expires", "99999999d")
    assert refused.exit_code == 2
    assert "hundred years" in refused.stderr


def test_the_table_shows_limits_as_people_say_them(madang):
    madang("key", "create", "--name", "a", "--rpm", "1200", "--budget", "50", "--per", "month")
    shown = madang("key", "list").stdout
    assert "1,200 rpm, $50.00 per month" in " ".join(shown.split())


def test_revoke_takes_an_id(told):
    made = told("key", "create", "--name", "a")
    assert told("key", "revoke", made["id"])["state"] == "revoked"


def test_revoke_takes_the_name_of_the_only_live_key(told):
    first = told("key", "create", "--name", "a")
    told("key", "revoke", first["id"])
    second = told("key", "create", "--name", "a")
    assert told("key", "revoke", "a")["id"] == second["id"]


def test_revoke_does_not_guess_between_two(madang, told):
    ids = [told("key", "create", "--name", "a")["id"] for _ in range(2)]
    result = madang("key", "revoke", "a")
    assert result.exit_code == 1
    assert all(key_id in result.stderr for key_id in ids)
    assert {key["state"] for key in told("key", "list")} == {"active"}


@pytest.mark.parametrize("name", ["nobody", "key_0000000000000000"])
def test_revoking_what_is_not_there_is_a_failure(madang, name):
    madang("key", "create", "--name", "a")
    result = madang("key", "revoke", name)
    assert result.exit_code == 1
    assert repr(name) in result.stderr
