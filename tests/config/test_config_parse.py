"""From text to settings: what a file may say, and how a fault in it is named."""

import json
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from madang.config import ConfigError, Settings, load, parse
from madang.config.sections.models import FallbackRef, Model, TargetRef
from madang.config.sections.providers import Provider, Timeouts
from madang.config.settings import Ledger

PUBLIC_EXAMPLE = (Path(__file__).parent / "public_example.yaml").read_text()
ENVIRON = {
    "OPENAI_API_KEY": "sk-openai",
    "ANTHROPIC_API_KEY": "sk-ant",
    "GEMINI_API_KEY": "gm",
    "K1": "one",
    "K2": "two",
}


def test_the_public_example_loads_as_it_is_printed():
    settings = parse(PUBLIC_EXAMPLE, ENVIRON)
    assert settings.providers["openai"] == Provider(api_key="sk-openai")
    assert settings.providers["azure-kr"].apis == ("chat", "responses")
    assert settings.providers["openai-kr"].api_keys == ("one", "two")
    assert settings.providers["gpu-box"].timeouts == Timeouts(2, 20, 20, 30, 600)
    assert settings.models["gpt-4.1"] == Model(
        targets=("openai/gpt-4.1", TargetRef("openai-kr/gpt-4.1", 2)),
        pick="latency",
        fallback=("claude-sonnet-4", FallbackRef("gemini-2.5-flash", ("context_overflow",))),
    )


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "{}", "null", "providers:\nmodels:\n"]
)
def test_an_empty_file_or_section_means_the_defaults(text):
    assert parse(text, {}) == Settings()


def test_no_file_means_the_defaults():
    assert load(None, {}) == Settings()


def test_a_provider_may_be_a_name_alone():
    assert parse("providers:\n  ollama:\n", {}).providers == {"ollama": Provider()}


def test_all_faults_are_reported_at_once_in_the_order_of_the_file(refused):
    text = dedent("""\
        log: loud
        providers:
          a: {kind: openai, base_url: ftp://x}
          b: {timeouts: {connect_s: 0}}
        models:
          m:
            targets:
              - a/x
              - {to: a/y, weight: -1}
        sever: {}
        """)
    lines = {path: problem.line for path, problem in refused(text).items()}
    assert lines == {
        "log": 1,
        "providers.a.base_url": 3,
        "providers.b.timeouts.connect_s": 4,
        "models.m.targets[1].weight": 9,
        "sever": 10,
    }
    assert list(lines.values()) == sorted(lines.values())


def test_the_report_names_the_file_the_line_the_setting_and_the_remedy():
    with pytest.raises(ConfigError) as caught:
        parse("providers:\n  openai:\n    api-key: x\n", {}, source="conf/madang.yaml")
    headline, problem = str(caught.value).splitlines()
    assert headline == "conf/madang.yaml cannot be used: 1 problem"
    assert problem.strip().startswith("conf/madang.yaml:3: providers.openai.api-key: unknown key")
    assert "Did you mean `api_key`?" in problem


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("provider: {}", "provider", ["Did you mean `providers`?", "Known here: alerts, breaker,"]),
        ("log: jsn", "log", ["one of `human`, `json`", "found `jsn`", "did you mean `json`?"]),
        ("providers: [openai]", "providers", ["a mapping", "found a list"]),
        ("providers: {a: x}", "providers.a", ["a mapping of `kind`", "found text"]),
        ("providers: {a: {apis: chat}}", "providers.a.apis", ["a list", "write it as a list"]),
        ("providers: {a: {api_key: 12}}", "providers.a.api_key", ["text", "put it in quotes"]),
        ("server: {max_body_mb: 1.5}", "server.max_body_mb", ["whole number from 1", "1.5"]),
        ("server: {drain_s: true}", "server.drain_s", ["a number from 0", "`true`"]),
        ("ledger: {fsync: yes}", "ledger.fsync", ["`true` or `false`", "`yes`"]),
        ("models: {m: {fallback: [{on: []}]}}", "models.m.fallback[0]", ["`to` is missing"]),
        ("models: {m: {targets: [[a]]}}", "models.m.targets[0]", ["text or a mapping", "a list"]),
        ("[]", "", ["expected a mapping", "found a list"]),
    ],
)
def test_a_fault_says_what_was_expected_and_what_was_found(refused, text, path, words):
    problems = refused(text)
    assert list(problems) == [path]
    assert all(word in problems[path].message for word in words), problems[path].message


@pytest.mark.parametrize("seconds", ["0", "-1", "86401", "1e999", ".inf", ".nan", "null"])
def test_seconds_are_positive_and_at_most_a_day(refused, seconds):
    assert "server.keep_alive_s" in refused(f"server: {{keep_alive_s: {seconds}}}")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("store: postgresql://db/x", "store"),
        ("shared: redis://cache", "shared"),
    ],
)
def test_what_a_later_version_brings_is_refused_by_name(refused, text, path):
    problems = refused(text)
    assert list(problems) == [path]
    assert "is not in this version of Madang yet" in problems[path].message


@given(st.text())
def test_any_text_gives_settings_or_a_config_error(text):
    with suppress(ConfigError):
        assert isinstance(parse(text, {}), Settings)


_NAMES = "providers models targets fallback to on weight server log a/b << ${A} ${A:-x} true 1 -1 ~"
_SIGNS = [
    "$$",
    "${",
    "{",
    "}",
    "[",
    "]",
    ": ",
    ", ",
    "\n",
    "\n  ",
    "\n    - ",
    "\t",
    "&a ",
    "*a",
    "\x00",
]
_MARKS = ["!!str ", "- ", "? ", '"', "'", "|\n", "#", "---\n"]
_WORDS = st.sampled_from([*_NAMES.split(), *_SIGNS, *_MARKS])


@given(st.lists(_WORDS, max_size=40).map("".join), st.text(max_size=20))
def test_no_arrangement_of_yaml_escapes_as_another_error(text, value):
    faults = ()
    try:
        parse(text, {"A": value})
    except ConfigError as error:
        faults = error.problems
    last_line = max(1, len(text.splitlines()))
    assert all(1 <= fault.line <= last_line for fault in faults)


def test_defaults_written_out_are_the_defaults():
    written = {
        name: structs.asdict(part)
        for name, part in (("server", Settings().server), ("ledger", Ledger()))
    }
    assert parse(json.dumps(written), {}) == Settings()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"log: \xff\n", "not UTF-8"),
        (b"a: " + b"x" * (1024 * 1024), "larger than 1024 KiB"),
        (None, "cannot read the file"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, content, words):
    path = tmp_path / "madang.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        load(path, {})


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "madang.yaml"
    path.write_bytes(b"\xef\xbb\xbflog: json\r\nledger:\r\n  fsync: true\r\n")
    assert load(path, {}) == Settings(log="json", ledger=Ledger(fsync=True))
