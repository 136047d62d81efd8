"""Keys: 256 bits, shown once, kept as a hash, checked without I/O, followed across processes."""

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import madang
from madang.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from madang.keys import Keyring, NewKey, allows, make_raw, parse_duration, parse_usd
from madang.state.store import Store

NOW_S = 1_795_132_800.0


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home")
    yield store
    store.close()


@pytest.fixture
def keyring(store):
    return Keyring(store)


def make(keyring, **given):
    return keyring.create(NewKey(**({"name": "test"} | given)), now_s=NOW_S)


def refusal(keyring, raw, now_s=NOW_S):
    with pytest.raises(Unauthenticated) as caught:
        keyring.check(raw, now_s)
    return caught.value


def test_a_raw_key_is_a_prefix_and_32_random_bytes(keyring):
    raws = {make(keyring)[1] for _ in range(50)}
    assert len(raws) == 50
    for raw in raws:
        assert raw.startswith("mdg_")
        assert len(raw) == 47
        assert len(base64.urlsafe_b64decode(raw[4:] + "=")) == 32


def test_check_returns_the_key_with_everything_it_was_given(keyring):
    given = {
        "name": "이름", "expires_at": int(NOW_S) + 60, "models": ("gpt-4.1", "claude/*"),
        "tags": {"team": "search"}, "rpm": 10, "tpm": 1000, "budget_nusd": 5, "budget_per": "day",
        "admin": True,
    }  # fmt: skip
    key, raw = make(keyring, **given)
    assert keyring.check(raw, NOW_S) == key == keyring.get(key.id)
    assert {name: getattr(key, name) for name in given} == given
    assert key.id.startswith("key_")
    assert key.prefix == raw[:8]
    assert key.created_at == NOW_S


def test_a_key_survives_a_restart(store, keyring):
    key, raw = make(keyring, models=("a", "b"), tags={"x": "y"}, budget_nusd=7)
    assert Keyring(store).check(raw, NOW_S) == key


def test_checking_a_known_key_does_no_io_and_an_unknown_one_survives_a_lost_store(store, keyring):
    _, raw = make(keyring)
    store.close()
    (store.home / "madang.db").unlink()
    assert keyring.check(raw, NOW_S).name == "test"
    assert refusal(keyring, "mdg_" + "x" * 43).code == "invalid_api_key"


def test_each_reason_to_refuse_has_its_own_words(keyring):
    ended, ended_raw = make(keyring, expires_at=int(NOW_S) + 10)
    revoked, revoked_raw = make(keyring)
    keyring.revoke(revoked.id, now_s=NOW_S)
    unknown = "mdg_" + "A" * 43
    assert refusal(keyring, None).code == refusal(keyring, "").code == "missing_api_key"
    assert "start with `mdg_`" in refusal(keyring, "sk-secret").message
    assert "not known" in refusal(keyring, unknown).message
    assert refusal(keyring, revoked_raw).code == "revoked_api_key"
    assert refusal(keyring, ended_raw, NOW_S + 10).code == "expired_api_key"
    assert keyring.check(ended_raw, NOW_S + 9.9) == ended


@pytest.mark.parametrize(
    "raw", ["hunter2", "sk-proj-secret", "mdg_short", "x" * 100_000, "mdg_\ud800", "mdg_\n", "키"]
)
def test_a_refusal_never_repeats_what_is_not_ours(keyring, raw):
    message = refusal(keyring, raw).message
    assert raw not in message
    assert len(message) < 200


def test_a_refusal_shows_eight_characters_at_most(keyring):
    key, raw = make(keyring)
    keyring.revoke(key.id, now_s=NOW_S)
    wrong = raw[:-1] + ("A" if raw[-1] != "A" else "B")
    for message in (refusal(keyring, raw).message, refusal(keyring, wrong).message):
        assert raw[:8] in message
        assert raw[:9] not in message


def test_a_key_that_differs_in_its_last_character_is_another(keyring):
    _, raw = make(keyring)
    for last in "AQgw":
        if raw[-1] != last:
            refusal(keyring, raw[:-1] + last)


def test_revoking_is_noticed_by_another_process_on_refresh(store, keyring):
    key, raw = make(keyring)
    other_store = Store(store.home)
    other = Keyring(other_store)
    other.revoke(key.id, now_s=NOW_S + 5)
    assert keyring.check(raw, NOW_S)
    assert keyring.refresh() is True
    assert refusal(keyring, raw).code == "revoked_api_key"
    assert keyring.refresh() is False
    assert keyring.get(key.id).revoked_at == NOW_S + 5
    other_store.close()


def test_a_key_made_by_another_process_is_noticed_on_refresh(store, keyring):
    code = (
        "import sys, pathlib; from madang.keys import *; from madang.state.store import Store; "
        "print(Keyring(Store(pathlib.Path(sys.argv[1]))).create(NewKey(name='n'), now_s=1.0)[1])"
    )
    source = str(Path(madang.__file__).parent.parent)
    command = [sys.executable, "-c", code, str(store.home)]
    raw = subprocess.check_output(command, env=os.environ | {"PYTHONPATH": source}, text=True)
    assert keyring.refresh()
    assert keyring.check(raw.strip(), NOW_S).name == "n"


def test_refresh_reads_only_what_changed(store, keyring):
    for _ in range(20):
        make(keyring)
    seen = []
    read = store.read
    store.read = lambda sql, params=(): seen.append(read(sql, params)) or seen[-1]
    other = Keyring(Store(store.home))
    make(other)
    keyring.refresh()
    keyring.refresh()
    assert [len(rows) for rows in seen] == [1, 1, 1]  # the revision, the new key, the revision


def test_an_older_store_put_back_is_read_anew(store, keyring):
    key, raw = make(keyring)
    keyring.revoke(key.id, now_s=NOW_S)
    with store.transaction() as transaction:
        transaction.write("UPDATE keys SET revoked_at = NULL, revision = 1")
        transaction.write("UPDATE revisions SET value = 1 WHERE name = 'keys'")
    assert keyring.refresh()
    assert keyring.check(raw, NOW_S).id == key.id


def test_revoking_twice_keeps_the_first_moment(keyring):
    key, _ = make(keyring)
    keyring.revoke(key.id, now_s=NOW_S)
    assert keyring.revoke(key.id, now_s=NOW_S + 100).revoked_at == NOW_S


def test_keys_are_listed_oldest_first_with_the_revoked_ones(keyring):
    first, _ = keyring.create(NewKey(name="first"), now_s=NOW_S)
    second, _ = keyring.create(NewKey(name="second"), now_s=NOW_S + 1)
    keyring.revoke(first.id, now_s=NOW_S)
    assert [key.id for key in keyring.list()] == [first.id, second.id]


def test_an_unknown_id_is_not_found(keyring):
    for ask in (keyring.get, lambda key_id: keyring.revoke(key_id, now_s=NOW_S)):
        with pytest.raises(NotFound):
            ask("key_nothing")


def test_the_first_start_makes_one_admin_key_and_shows_it_once(store, keyring):
    raw = keyring.ensure_admin(None, now_s=NOW_S)
    assert keyring.check(raw, NOW_S).admin
    assert keyring.ensure_admin("  ", now_s=NOW_S) is None
    assert Keyring(store).ensure_admin(None, now_s=NOW_S) is None


def test_without_a_valid_admin_key_a_new_one_is_made(keyring):
    key = keyring.check(keyring.ensure_admin(None, now_s=NOW_S), NOW_S)
    keyring.revoke(key.id, now_s=NOW_S)
    assert keyring.ensure_admin(None, now_s=NOW_S) is not None
    make(keyring, admin=True, expires_at=int(NOW_S) + 10)


def test_the_admin_key_of_the_environment_is_used_and_not_stored(store, keyring, caplog):
    value = "a passphrase of the owner's own"
    assert keyring.ensure_admin(f" {value}\n", now_s=NOW_S) is None
    key = keyring.check(value, NOW_S)
    assert (key.admin, key.prefix) == (True, "")
    assert store.read("SELECT * FROM keys") == []
    refusal(Keyring(store), value)
    with pytest.raises(Conflict):
        keyring.revoke(key.id, now_s=NOW_S)
    assert caplog.records == []


def test_a_short_admin_key_in_the_environment_is_warned_about(keyring, caplog):
    keyring.ensure_admin("admin", now_s=NOW_S)
    assert "weak" in caplog.text
    assert keyring.check("admin", NOW_S).admin


def test_no_raw_key_is_ever_on_the_disk(store, keyring, caplog):
    admin = keyring.ensure_admin(None, now_s=NOW_S)
    key, raw = make(keyring)
    keyring.check(raw, NOW_S)
    keyring.revoke(key.id, now_s=NOW_S)
    refusal(keyring, raw)
    files = [path.read_bytes() for path in store.home.rglob("*") if path.is_file()]
    assert any(hashlib.sha256(raw.encode()).digest() in content for content in files)
    for secret in (admin, raw):
        assert not any(secret[8:].encode() in content for content in files)
        assert secret[8:] not in caplog.text


def test_models_are_names_or_globs(keyring):
    key, _ = make(keyring, models=("gpt-4.1", "claude/*", "gemini-2.?-flash"))
    asked = ("gpt-4.1", "gpt-4.1-mini", "claude/x", "claude", "gemini-2.5-flash", "GPT-4.1")
    assert [allows(key, name) for name in asked] == [True, False, True, False, True, False]
    assert allows(make(keyring)[0], "anything")


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"expires_at": int(NOW_S)}, "expires_at"),
        ({"expires_at": int(NOW_S) + 8_000_000_000_000}, "expires_at"),
        ({"rpm": 0}, "rpm"),
        ({"tpm": -1}, "tpm"),
        ({"budget_nusd": 0}, "budget"),
        ({"budget_nusd": 10**19}, "budget"),
        ({"budget_per": "day"}, "budget_per"),
        ({"models": ("",)}, "models"),
        ({"tags": {"": "x"}}, "tags"),
        ({"tags": {"a\nb": "x"}}, "tags"),
        ({"tags": {"a": "x" * 101}}, "tags"),
        ({"tags": {str(n): "x" for n in range(17)}}, "tags"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(keyring, given, param):
    with pytest.raises(InvalidRequest) as caught:
        make(keyring, **given)
    assert caught.value.param == param
    assert keyring.list() == ()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30d", 2_592_000),
        ("12h", 43_200),
        ("90m", 5_400),
        ("45s", 45),
        ("1w2d", 777_600),
        (" 1D ", 86_400),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "30", "d", "0d", "-1d", "1.5h", "1h1d", "1 d", "٣d", "9" * 12 + "d"]
)
def test_what_is_no_duration(text):
    with pytest.raises(InvalidRequest, match="30d"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "nusd"),
    [
        ("12.50", 12_500_000_000),
        ("$5", 5_000_000_000),
        ("0.000000001", 1),
        ("0.1", 100_000_000),
        ("999999999.999999999", 999_999_999_999_999_999),
    ],
)
def test_amounts_are_exact(text, nusd):
    assert parse_usd(text) == nusd


@pytest.mark.parametrize("text", ["", "0", "-1", "1e3", "nan", "1.0000000001", "1,000", "1" * 20])
def test_what_is_no_amount(text):
    with pytest.raises(InvalidRequest, match=r"12\.50"):
        parse_usd(text)


def test_a_lent_key_works_like_any_other_and_is_in_no_file(store, keyring):
    raw = make_raw()
    lent = keyring.lend("playground", raw, now_s=NOW_S)
    assert keyring.check(raw, NOW_S) == lent == keyring.get("key_playground")
    assert not lent.admin
    assert lent.prefix == raw[:8]
    assert refusal(Keyring(store), raw).code == "invalid_api_key"
    for file in store.home.rglob("*"):
        assert hashlib.sha256(raw.encode()).digest() not in file.read_bytes(), file


def test_a_lent_key_ends_with_its_process_and_not_before(keyring):
    raw = make_raw()
    keyring.lend("playground", raw, now_s=NOW_S)
    with pytest.raises(Conflict, match="ends with the process"):
        keyring.revoke("key_playground", now_s=NOW_S)
    keyring.refresh()
    assert keyring.check(raw, NOW_S).name == "playground"


def test_a_key_that_another_process_made_a_moment_ago_is_known_at_its_first_use(store, keyring):
    other = Store(store.home)
    key, raw = make(Keyring(other))
    assert keyring.check(raw, NOW_S).id == key.id
    other.close()


def test_strangers_have_the_store_asked_now_and_then_only(store, keyring):
    other = Store(store.home)
    assert "not known" in str(refusal(keyring, make_raw()))
    raw = make(Keyring(other))[1]
    assert "not known" in str(refusal(keyring, raw, NOW_S + 0.01))
    assert keyring.check(raw, NOW_S + 0.06).name == "test"
    other.close()
