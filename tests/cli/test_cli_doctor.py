"""`madang doctor`: what is in order, what is not, and what to do; it changes nothing."""

import json
import os
import sqlite3
from pathlib import Path

import pytest

from madang.drills.testbed import SimulatedProviders
from madang.state.store import DATABASE
from stand.bucket import BUCKET, Buckets

CONFIG = """
providers:
  mine: {{kind: openai, base_url: "{url}/v1", api_key: {key}, serves: all}}
models:
  fast: {{targets: [mine/gpt-4.1], fallback: [mine/some-new-model]}}
  {more}
"""


@pytest.fixture(scope="module")
def sim():
    with SimulatedProviders(["sim"]) as simulated:
        yield simulated.urls["sim"]


@pytest.fixture
def examine(madang, tmp_path, sim):
    """Look at a home with this configuration; give exit status and findings by name."""
    home = tmp_path / "home"
    madang("key", "create", "--name", "a", "--home", home)

    def look(text=CONFIG, key="good", more=""):
        (home / "madang.yaml").write_text(text.format(url=sim, key=key, more=more))
        result = madang("doctor", "--home", home, "--json")
        told = json.loads(result.stdout)
        assert told["ok"] is (result.exit_code == 0)
        return result.exit_code, {finding["what"]: finding for finding in told["findings"]}

    look.home = home
    return look


def test_a_sound_installation(examine):
    status, found = examine()
    assert status == 0
    assert {name for name, one in found.items() if one["state"] != "ok"} == {"model fast"}
    assert found["provider mine"]["first_byte_ms"] is not None
    assert "mine/gpt-4.1; falls back to mine/some-new-model" in found["model fast"]["detail"]
    assert "no price is known for mine/some-new-model" in found["model fast"]["detail"]


def test_a_store_for_clips_is_tried_before_one_is_paid_for(examine, tmp_path, monkeypatch):
    (tmp_path / "buckets").mkdir()
    buckets = Buckets(tmp_path / "buckets")
    for name, value in buckets.environ.items():
        monkeypatch.setenv(name, value)
    try:
        kept = CONFIG + f"media: {{{{store: 's3://{BUCKET}/clips'}}}}\n"
        status, found = examine(kept)
        assert (status, found["media store"]["state"]) == (0, "ok")
        assert buckets.files() == {}
        status, found = examine(kept.replace(BUCKET, "nowhere"))
        assert (status, found["media store"]["state"]) == (1, "broken")
        assert "no such bucket" in found["media store"]["detail"]
    finally:
        buckets.close()


def test_models_of_media_are_looked_at_as_what_they_are(examine):
    there = 'runway: {{base_url: "{url}", api_key: x}}\nmodels:'
    text = CONFIG.replace("models:", f"  {there}", 1)
    names = "clip: {targets: [runway/gen4.5]}\n  odd: {targets: [runway/gen9]}"
    _, found = examine(text, more=names)
    assert found["model clip"]["state"] == "ok"
    assert "no price is known for runway/gen9" in found["model odd"]["detail"]
    assert "budget" in found["model odd"]["advice"]


def test_a_key_that_the_provider_refuses(examine):
    status, found = examine(key="invalid-key")
    assert status == 1
    assert "refuses the key" in found["provider mine"]["detail"]
    assert "invalid-key" not in str(found)


def test_every_model_that_leads_nowhere_is_named(examine):
    status, found = examine(
        more="a: {targets: [gone/x]}\n  b: {fallback: [gone/y], targets: [mine/z]}"
    )
    assert status == 1
    broken = {name for name, one in found.items() if one["state"] == "broken"}
    assert broken == {"model a", "model b"}


def test_a_model_that_its_vendor_has_ended_needs_a_successor_there_and_not_elsewhere(examine):
    """OpenAI served gpt-4.1-nano until 2026-10-23, by the catalogue; one's own server still may."""
    there = 'openai: {{base_url: "{url}/v1", api_key: x}}\nmodels:'
    text = CONFIG.replace("models:", f"  {there}", 1)
    names = "there: {targets: [openai/gpt-4.1-nano]}\n  here: {targets: [mine/gpt-4.1-nano]}"
    _, found = examine(text, more=names)
    assert "openai/gpt-4.1-nano ended on 2026-10-23" in found["model there"]["detail"]
    assert "successor" in found["model there"]["advice"]
    assert found["model here"]["state"] == "ok"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("providrs: {{}}", "providers"),
        ("providers: {{a: {{kind: openai, base_url: x}}}}", "http://"),
        (
            "providers: {{a: {{kind: openai, base_url: 'http://h', api_key: '${{UNSET}}'}}}}",
            "UNSET",
        ),
        ("- a list", "madang.yaml"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_a_finding(examine, text, said):
    status, found = examine(text)
    assert status == 1
    assert said in found["configuration"]["detail"]
    assert found["store"]["state"] == "ok"


def test_without_a_provider_the_playground_would_serve(examine):
    status, found = examine("log: human")
    assert status == 0
    assert "the playground would serve" in found["configuration"]["detail"]


def test_a_home_that_is_not_there_yet_is_no_fault_and_is_not_made(madang, tmp_path):
    result = madang("doctor", "--home", tmp_path / "a" / "b")
    assert result.exit_code == 0
    assert "will be made at the first start" in result.stdout
    assert not list(tmp_path.iterdir())


def test_a_store_of_a_newer_version_is_broken(examine):
    with sqlite3.connect(examine.home / DATABASE) as database:
        database.execute("INSERT INTO migrations VALUES (9999, 'x', 'y', '')")
    database.close()
    status, found = examine()
    assert status == 1
    assert "newer Madang" in found["store"]["detail"]


def test_damage_in_the_journal_is_told(examine):
    with sqlite3.connect(examine.home / DATABASE) as database:
        database.execute("INSERT INTO journal_damage VALUES ('s', 0, 17, 'r', x'00', 0)")
    database.close()
    status, found = examine()
    assert status == 0
    assert "1 damaged stretches were skipped, 17 bytes" in found["journal damage"]["detail"]


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="needs Linux's /proc, which nobody can write"
)
def test_a_home_that_cannot_be_written_is_broken(madang):
    result = madang("doctor", "--home", "/proc/madang")
    assert result.exit_code == 1
    assert "/proc cannot be written" in result.stdout
    assert "--home" in result.stdout


def test_a_journal_that_cannot_be_written_is_broken_as_no_gateway_would_start(examine):
    (examine.home / "journal").write_text("not a folder")
    status, found = examine()
    assert status == 1
    assert "cannot be written" in found["journal"]["detail"]
    assert "right to write there" in found["journal"]["advice"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_of_another_user_wants_rights_and_no_backup(examine):
    (examine.home / DATABASE).chmod(0o400)
    status, found = examine()
    assert status == 1
    assert "right to write there" in found["store"]["advice"]


def test_for_people_advice_stands_below_its_finding(madang, tmp_path, sim):
    file = tmp_path / "madang.yaml"
    file.write_text(CONFIG.format(url=sim, key="invalid", more=""))
    lines = madang("doctor", "--config", file, "--home", tmp_path / "home").stdout.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("broken   provider mine"))
    assert "→ Make a new key" in lines[place + 1]
    assert lines[-1].startswith("1 of ")


def test_probing_says_what_it_costs_and_shows_a_matrix(madang, examine):
    """The simulator can do everything, which contradicts what is configured of one model."""
    more = "blind: {targets: [mine/blind], features: {images: false}}"
    examine(more=more)
    result = madang("doctor", "--home", examine.home, "--probe", "--model", "blind", "--json")
    assert "Probing 1 target with 5 requests each: at most $0" in result.stderr
    assert "beside 1 whose price is not known" in result.stderr
    (probed,) = json.loads(result.stdout)["probes"]
    assert set(probed["verdicts"].values()) == {"yes"}
    assert probed["contradictions"] == ["images: true"]
    shown = madang("doctor", "--home", examine.home, "--probe").stdout
    assert "mine/gpt-4.1" in shown
    assert "json_schema" in shown
    assert "mine/some-new-model" in shown


def test_nothing_is_probed_unasked_or_without_a_model(madang, examine, tmp_path):
    examine()
    assert "probes" not in json.loads(madang("doctor", "--home", examine.home, "--json").stdout)
    assert madang("doctor", "--home", examine.home, "--model", "fast").exit_code == 2
    empty = madang("doctor", "--home", tmp_path / "empty", "--probe")
    assert empty.exit_code == 1
    assert "No model is configured" in empty.output
    unknown = madang("doctor", "--home", examine.home, "--probe", "--model", "nowhere")
    assert "nowhere" in unknown.output


def test_a_key_that_expires_soon_is_named(examine, told):
    home = examine.home
    told("key", "create", "--name", "fading", "--expires", "6d", "--home", home)
    told("key", "create", "--name", "lasting", "--expires", "8d", "--home", home)
    _, found = examine()
    assert found["keys"]["state"] == "warning"
    assert "'fading'" in found["keys"]["detail"]
    assert "'lasting'" not in found["keys"]["detail"]
    text = f"keys: {{{{warn_days: 1}}}}\n{CONFIG}"
    assert examine(text)[1]["keys"]["state"] == "ok"


def test_stored_keys_that_cannot_be_opened_say_what_to_set(examine, told, monkeypatch):
    monkeypatch.setenv("PLANTED", "sk-PLANTED-0123456789-0123456789")
    monkeypatch.setenv("MADANG_SECRET_KEY", "ab" * 32)
    told("provider", "key", "add", "openai", "--from-env", "PLANTED", "--home", examine.home)
    monkeypatch.delenv("MADANG_SECRET_KEY")
    status, found = examine()
    assert status == 1
    assert "Set $MADANG_SECRET_KEY" in found["stored keys"]["detail"]
    assert "PLANTED" not in str(found)


def test_a_price_of_ones_own_is_a_known_price(examine):
    text = CONFIG + "prices: [{{provider: mine, model: some-new-model, in: 0.05, out: 0.05}}]\n"
    _, found = examine(text)
    assert found["model fast"]["state"] == "ok"
    assert "no price" not in found["model fast"]["detail"]
