"""Rotation: any sequence of it, revoking, expiring and changing does what a simple model says."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from madang.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from madang.keys import KeyChange, Keyring, NewKey, Selection, parse_grace
from madang.state.store import Store

NOW_S = 1_795_132_800

SENSELESS = (
    {"name": " "},
    {"rpm": 0},
    {"expires_at": NOW_S},
    {"models": ("",)},
    {"budget_per": "day"},
)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home")
    yield store
    store.close()


@pytest.fixture
def keyring(store):
    return Keyring(store)


def rotate(keyring, *ids, grace_s=3600, now_s=NOW_S):
    return keyring.rotate(Selection(ids=ids), grace_s=grace_s, now_s=now_s)


def is_good(keyring, raw, now_s):
    try:
        keyring.check(raw, now_s)
    except Unauthenticated:
        return False
    return True


def test_the_old_secret_works_until_its_grace_ends_and_not_a_second_longer(keyring):
    key, old = keyring.create(NewKey(name="a", rpm=5, tags={"x": "y"}), now_s=NOW_S)
    ((rotated, new),) = rotate(keyring, key.id, grace_s=100)
    assert rotated == keyring.get(key.id)
    assert (rotated.id, rotated.rpm, rotated.tags) == (key.id, 5, {"x": "y"})
    assert rotated.prefix == new[:8]
    assert keyring.check(old, NOW_S + 99.9) == keyring.check(new, NOW_S + 99.9) == rotated
    with pytest.raises(Unauthenticated) as caught:
        keyring.check(old, NOW_S + 100)
    assert caught.value.code == "rotated_api_key"
    assert old[:8] in caught.value.message
    assert is_good(keyring, new, NOW_S + 10**9)


def test_no_secret_of_a_rotation_is_on_the_disk(store, keyring, caplog):
    key, old = keyring.create(NewKey(name="a"), now_s=NOW_S)
    ((_, new),) = rotate(keyring, key.id)
    for file in store.home.rglob("*"):
        assert old[8:].encode() not in file.read_bytes()
        assert new[8:].encode() not in file.read_bytes()
    assert new[8:] not in caplog.text


def test_many_are_rotated_together_or_not_at_all(store, keyring):
    made = [keyring.create(NewKey(name=f"k{n}"), now_s=NOW_S) for n in range(3)]
    keyring.revoke(made[2][0].id, now_s=NOW_S)
    with pytest.raises(Conflict):
        rotate(keyring, *(key.id for key, _ in made), grace_s=0)
    with pytest.raises(NotFound):
        rotate(keyring, made[0][0].id, "key_nothing", grace_s=0)
    assert all(is_good(keyring, raw, NOW_S) for _, raw in made[:2])
    assert store.read("SELECT count(*) AS n FROM key_secrets")[0]["n"] == 3


def test_a_selection_takes_live_keys_with_all_of_the_tags_and_the_account(store, keyring):
    with store.transaction() as transaction:
        transaction.write("INSERT INTO accounts VALUES ('acc_1', 'a', 'pro', 'UTC', 1, NULL, 1)")
    news = [
        NewKey(name="both", tags={"team": "x", "env": "p"}, account_id="acc_1"),
        NewKey(name="one", tags={"team": "x"}),
        NewKey(name="other", tags={"team": "xx", 'te"am': "x"}),
        NewKey(name="ended", tags={"team": "x"}, expires_at=NOW_S + 1),
    ]
    for new in news:
        keyring.create(new, now_s=NOW_S)

    def named(**which):
        rotated = keyring.rotate(Selection(**which), grace_s=9, now_s=NOW_S + 1)
        return sorted(key.name for key, _ in rotated)

    assert named() == ["both", "one", "other"]
    assert named(tags={"team": "x"}) == ["both", "one"]
    assert named(tags={"team": "x", "env": "p"}) == ["both"]
    assert named(tags={'te"am': "x"}) == ["other"]
    assert named(account_id="acc_1") == ["both"]
    assert named(account_id="acc_2") == []


def test_another_process_follows_a_rotation(store, keyring):
    key, old = keyring.create(NewKey(name="a"), now_s=NOW_S)
    other = Keyring(store)
    ((_, new),) = rotate(keyring, key.id, grace_s=0)
    assert is_good(other, old, NOW_S)
    assert other.refresh()
    assert not is_good(other, old, NOW_S)
    assert is_good(other, new, NOW_S)


def test_uses_are_counted_per_secret_and_told_once_an_hour(store, keyring):
    key, old = keyring.create(NewKey(name="a"), now_s=NOW_S)
    ((_, new),) = rotate(keyring, key.id, grace_s=86_400)

    def use(raw, *moments):
        for moment in moments:
            keyring.check(raw, moment)
        return [one.id for one in keyring.save_uses(keyring.take_uses())]

    assert use(new, NOW_S) == []
    assert use(old, NOW_S + 1, NOW_S + 2) == [key.id]
    assert use(old, NOW_S + 3) == []
    assert use(old, NOW_S + 3600) == [key.id]
    assert use(new) == []
    current, replaced = Keyring(store).secrets(key.id)[key.id]
    assert (current.uses, current.last_used_at, current.ends_at) == (1, NOW_S, None)
    assert (replaced.uses, replaced.last_used_at) == (4, NOW_S + 3600)
    assert keyring.replaced_uses == 4


def test_a_change_keeps_what_it_does_not_name(keyring):
    given = {"rpm": 5, "models": ("a",), "tags": {"x": "y"}, "budget_nusd": 7, "budget_per": "day"}
    key, raw = keyring.create(NewKey(name="a", **given), now_s=NOW_S)
    changed = keyring.update(key.id, KeyChange(rpm=None, models=("b", "c")), now_s=NOW_S)
    assert (changed.rpm, changed.models, changed.tags) == (None, ("b", "c"), {"x": "y"})
    assert (changed.budget_nusd, changed.budget_per, changed.name) == (7, "day", "a")
    assert keyring.check(raw, NOW_S) is changed


@pytest.mark.parametrize("change", SENSELESS)
def test_a_change_that_makes_no_sense_is_refused(keyring, change):
    key, _ = keyring.create(NewKey(name="a"), now_s=NOW_S)
    with pytest.raises(InvalidRequest):
        keyring.update(key.id, KeyChange(**change), now_s=NOW_S)
    assert keyring.get(key.id) == key


def test_an_expired_key_can_be_given_more_time(keyring):
    key, raw = keyring.create(NewKey(name="a", expires_at=NOW_S + 5), now_s=NOW_S)
    keyring.update(key.id, KeyChange(name="b"), now_s=NOW_S + 9)
    assert not is_good(keyring, raw, NOW_S + 9)
    keyring.update(key.id, KeyChange(expires_at=NOW_S + 20), now_s=NOW_S + 9)
    assert is_good(keyring, raw, NOW_S + 9)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), (" 0 ", 0), ("24h", 86_400), ("366d", 31_622_400)]
)
def test_a_grace_may_be_nothing(text, seconds):
    assert parse_grace(text) == seconds


@dataclass
class Model:
    """A key as simply as it can be said: its secrets with their ends, oldest first."""

    ends: float = float("inf")
    revoked: bool = False
    secrets: list[list] = field(default_factory=list)

    def is_good(self, index, now):
        return not self.revoked and now < self.ends and now < self.secrets[index][1]


class Sequences(RuleBasedStateMachine):
    """Rotate, revoke, change the end, let time pass, restart; whatever comes, the same secrets work."""

    store = None

    @initialize()
    def begin(self):
        self.now = NOW_S
        self.keyring = Keyring(Sequences.store)
        key, raw = self.keyring.create(NewKey(name="a"), now_s=self.now)
        self.key_id = key.id
        self.model = Model(secrets=[[raw, float("inf")]])

    @rule(grace_s=st.integers(0, 50))
    def rotate(self, grace_s):
        model = self.model
        if model.revoked or self.now >= model.ends:
            with pytest.raises(Conflict):
                rotate(self.keyring, self.key_id, grace_s=grace_s, now_s=self.now)
            return
        ((_, raw),) = rotate(self.keyring, self.key_id, grace_s=grace_s, now_s=self.now)
        for secret in model.secrets[:-1]:
            secret[1] = min(secret[1], self.now)
        model.secrets[-1][1] = self.now + grace_s
        model.secrets.append([raw, float("inf")])

    @rule(seconds=st.integers(1, 40))
    def pass_time(self, seconds):
        self.now += seconds

    @rule(seconds=st.none() | st.integers(1, 60))
    def change_end(self, seconds):
        ends = None if seconds is None else self.now + seconds
        if self.model.revoked:
            with pytest.raises(Conflict):
                self.keyring.update(self.key_id, KeyChange(expires_at=ends), now_s=self.now)
            return
        self.keyring.update(self.key_id, KeyChange(expires_at=ends), now_s=self.now)
        self.model.ends = float("inf") if ends is None else ends

    @rule()
    def revoke(self):
        self.keyring.revoke(self.key_id, now_s=self.now)
        self.model.revoked = True

    @rule()
    def restart(self):
        self.keyring = Keyring(Sequences.store)

    @invariant()
    def the_same_secrets_work(self):
        if not hasattr(self, "model"):
            return
        good = [is_good(self.keyring, raw, self.now) for raw, _ in self.model.secrets]
        assert good == [self.model.is_good(n, self.now) for n in range(len(good))]
        assert sum(good) <= 2


def test_any_sequence_does_what_the_model_says(store):
    Sequences.store = store
    small = settings(
        max_examples=40, stateful_step_count=25, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    machine = Sequences.TestCase()
    machine.settings = small
    machine.runTest()
