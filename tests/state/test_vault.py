"""Providers' keys in the store: sealed by AES-256-GCM, bound to their row, opened only with the master key."""

import base64
import os
import secrets
import stat
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from madang.errors import Conflict, InvalidRequest, NotFound
from madang.state.store import Store
from madang.state.vault import MasterKeys, Vault

NOW_S = 1_795_132_800.0
SECRET = "sk-proj-PLANTED-0123456789-abcdefghijklmnopqrstuvwxyz"
MASTER = secrets.token_bytes(32)
SPELLINGS = (
    MASTER.hex(),
    base64.b64encode(MASTER).decode(),
    base64.urlsafe_b64encode(MASTER).decode().rstrip("="),
)
CHANGES = ("provider = 'evil'", "id = 'pk_other'", "sealed = x'00'", "nonce = x''")


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home")
    yield store
    store.close()


def vault_of(store, **environ):
    return Vault(store, MasterKeys(store.home, environ))


def row_of(store):
    return store.read("SELECT * FROM provider_keys")[0]


def test_a_key_is_given_back_to_the_configuration_after_a_restart(store):
    added = vault_of(store).add("openai", f" {SECRET}\n", now_s=NOW_S)
    assert (added.provider, added.prefix, added.added_at) == ("openai", "sk-proj-", int(NOW_S))
    assert vault_of(store).opened == ({"openai": (SECRET,)}, ())


def test_what_is_sealed_is_aes_256_gcm_bound_to_its_provider_and_row(store):
    """Opened here by the package alone, from the parts that the documentation names."""
    vault_of(store, MADANG_SECRET_KEY=MASTER.hex()).add("openai", SECRET, now_s=NOW_S)
    row = row_of(store)
    context = f"madang provider key\0openai\0{row['id']}".encode()
    assert len(row["nonce"]) == 12
    assert AESGCM(MASTER).decrypt(row["nonce"], row["sealed"], context) == SECRET.encode()


@pytest.mark.parametrize("spelled", SPELLINGS, ids=["hexadecimal", "base64", "base64url"])
def test_a_master_key_may_be_hexadecimal_or_base64(store, spelled):
    vault_of(store, MADANG_SECRET_KEY=MASTER.hex()).add("openai", SECRET, now_s=NOW_S)
    opened = vault_of(store, MADANG_SECRET_KEY=spelled).opened
    assert opened.keys == {"openai": (SECRET,)}


def test_the_same_key_sealed_twice_looks_different(store):
    vault = vault_of(store)
    vault.add("openai", SECRET, now_s=NOW_S)
    vault.add("azure", SECRET, now_s=NOW_S)
    rows = store.read("SELECT nonce, sealed FROM provider_keys")
    assert rows[0]["nonce"] != rows[1]["nonce"]
    assert rows[0]["sealed"] != rows[1]["sealed"]


@pytest.mark.parametrize("change", [*CHANGES, "sealed = zeroblob(60)"])
def test_a_row_that_was_tampered_with_does_not_open(store, change):
    vault_of(store).add("openai", SECRET, now_s=NOW_S)
    with store.transaction() as transaction:
        transaction.write(f"UPDATE provider_keys SET {change}")
    opened = vault_of(store).opened
    assert list(opened.keys.values()) == [()]
    assert len(opened.faults) == 1
    assert SECRET not in str(opened)


def test_the_master_key_is_made_at_first_use_and_announced(store, caplog):
    vault = vault_of(store)
    file = store.home / "secret.key"
    assert not file.exists()
    vault.add("openai", SECRET, now_s=NOW_S)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(base64.b64decode(file.read_text())) == 32
    assert str(file) in caplog.text
    assert "Keep a copy" in caplog.text
    assert file.read_text().strip() not in caplog.text


def test_another_place_for_the_file(store, tmp_path):
    environ = {"MADANG_SECRET_KEY_FILE": str(tmp_path / "elsewhere" / "master")}
    vault_of(store, **environ).add("openai", SECRET, now_s=NOW_S)
    assert not (store.home / "secret.key").exists()
    assert vault_of(store, **environ).opened.keys == {"openai": (SECRET,)}


def test_a_file_that_others_can_read_is_warned_about(store, caplog):
    vault_of(store).add("openai", SECRET, now_s=NOW_S)
    (store.home / "secret.key").chmod(0o644)
    vault_of(store)
    assert "chmod 600" in caplog.text


@pytest.mark.parametrize("key", ["", "00" * 32, "short", "0x" + "1" * 64])
def test_without_the_right_master_key_it_says_what_to_set_and_gives_nothing(store, key):
    vault_of(store, MADANG_SECRET_KEY=MASTER.hex()).add("openai", SECRET, now_s=NOW_S)
    opened = vault_of(store, MADANG_SECRET_KEY=key).opened
    assert opened.keys == {"openai": ()}
    assert "MADANG_SECRET_KEY" in opened.faults[0]
    assert "1" * 64 not in opened.faults[0]


def test_nothing_is_sealed_with_another_master_key_than_the_rest(store):
    vault_of(store, MADANG_SECRET_KEY=MASTER.hex()).add("openai", SECRET, now_s=NOW_S)
    with pytest.raises(Conflict, match="MADANG_SECRET_KEY"):
        vault_of(store).add("claude", SECRET, now_s=NOW_S)
    assert not (store.home / "secret.key").exists()


def test_no_file_of_the_home_holds_a_stored_key(store):
    vault = vault_of(store)
    kept = vault.add("openai", SECRET, now_s=NOW_S)
    vault.rekey()
    vault.remove(kept.id, now_s=NOW_S)
    vault.add("openai", SECRET[::-1], now_s=NOW_S)
    for file in store.home.rglob("*"):
        for secret in (SECRET, SECRET[::-1]):
            assert secret[10:].encode() not in file.read_bytes(), file
            assert base64.b64encode(secret.encode())[:20] not in file.read_bytes(), file


def test_a_removed_key_is_gone_and_its_provider_remembered(store):
    vault = vault_of(store)
    added = vault.add("openai", SECRET, now_s=NOW_S)
    vault.remove(added.id, now_s=NOW_S)
    assert vault.list() == ()
    assert vault.refresh()
    assert vault.opened == ({"openai": ()}, ())
    assert row_of(store)["sealed"] == b""
    with pytest.raises(NotFound):
        vault.remove(added.id, now_s=NOW_S)


def test_another_process_notices_on_refresh(store):
    mine, theirs = vault_of(store), vault_of(store)
    theirs.add("openai", SECRET, now_s=NOW_S)
    assert mine.opened.keys == {}
    assert mine.refresh()
    assert mine.opened.keys == {"openai": (SECRET,)}
    assert not mine.refresh()


def test_rekeying_a_file_leaves_one_new_key_that_opens_everything(store):
    vault = vault_of(store)
    for provider in ("openai", "claude"):
        vault.add(provider, SECRET, now_s=NOW_S)
    before = (store.home / "secret.key").read_text()
    name, count = vault.rekey()
    after = (store.home / "secret.key").read_text()
    assert count == 2
    assert len(after.split()) == 1
    assert after != before
    assert {key.master_id for key in vault.list()} == {name}
    assert vault_of(store).opened.keys == {"openai": (SECRET,), "claude": (SECRET,)}


def test_rekeying_from_the_environment_takes_the_first_key(store):
    new = secrets.token_bytes(32).hex()
    vault_of(store, MADANG_SECRET_KEY=MASTER.hex()).add("openai", SECRET, now_s=NOW_S)
    vault_of(store, MADANG_SECRET_KEY=f"{new},{MASTER.hex()}").rekey()
    assert vault_of(store, MADANG_SECRET_KEY=new).opened.keys == {"openai": (SECRET,)}
    assert vault_of(store, MADANG_SECRET_KEY=MASTER.hex()).opened.keys == {"openai": ()}


def test_a_rekeying_that_dies_in_between_leaves_keys_that_open(store, monkeypatch):
    vault = vault_of(store)
    vault.add("openai", SECRET, now_s=NOW_S)
    monkeypatch.setattr(Vault, "_seal_anew", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        vault.rekey()
    monkeypatch.undo()
    assert len((store.home / "secret.key").read_text().split()) == 2
    assert vault_of(store).opened.keys == {"openai": (SECRET,)}
    vault.rekey()
    assert vault_of(store).opened.keys == {"openai": (SECRET,)}


@pytest.mark.parametrize("raw", ["", "  ", "a b", "sk-\nx", "키", "x" * 9000])
def test_what_cannot_be_sent_is_not_stored_and_not_repeated(store, raw):
    with pytest.raises(InvalidRequest) as caught:
        vault_of(store).add("openai", raw, now_s=NOW_S)
    assert not raw.strip() or raw not in caught.value.message
    assert store.read("SELECT * FROM provider_keys") == []


def test_the_same_key_is_stored_once(store):
    vault_of(store).add("openai", SECRET, now_s=NOW_S)
    with pytest.raises(Conflict, match="already"):
        vault_of(store).add("openai", SECRET, now_s=NOW_S)


def test_uses_are_entered_by_the_first_characters(store):
    vault = vault_of(store)
    vault.add("openai", SECRET, now_s=NOW_S)
    vault.add("claude", SECRET, now_s=NOW_S)
    vault.save_uses({("openai", SECRET[:8]): 77})
    assert {key.provider: key.last_used_at for key in vault.list()} == {
        "openai": 77,
        "claude": None,
    }


def test_the_cryptography_is_imported_only_for_what_is_sealed(tmp_path):
    code = (
        "import sys, pathlib; from madang.state.store import Store; from madang.state.vault import *; "
        "Vault(Store(pathlib.Path(sys.argv[1])), MasterKeys(pathlib.Path(sys.argv[1]), {})); "
        "assert 'cryptography' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=os.environ)
