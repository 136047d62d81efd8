"""Alerts and reports in three languages: the same facts in each, by the setting of a channel or a report."""

import json
from string import Formatter
from typing import get_args

import pytest
from watch_receivers import receiver

from madang.config.sections.alerts import Channel, Language
from madang.watch.alerts.book import Event
from madang.watch.channels.courier import Courier
from madang.watch.channels.message import of_event, of_test
from madang.watch.texts import MESSAGES, REPORTS

LANGUAGES = get_args(Language)
EVENT = Event(
    id="alr_1",
    at_us=1_800_000_000_000_000,
    rule="error_rate > 5%",
    subject="openai",
    severity="critical",
    state="firing",
    values={"error_rate": 0.5},
)
OWN = {"ko": ("심각", "해소됨"), "zh": ("严重", "已恢复")}


def holes(text):
    """What is filled in, and how."""
    return sorted((name, form) for _, name, form, _ in Formatter().parse(text) if name)


@pytest.mark.parametrize("table", [MESSAGES, REPORTS])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_text_with_the_same_holes(table, language):
    assert table[language].keys() == table["en"].keys()
    for name, text in table[language].items():
        assert holes(text) == holes(table["en"][name]), name
        assert text.count("|") == table["en"][name].count("|"), name


@pytest.mark.parametrize("language", ["ko", "zh"])
def test_an_alert_is_told_in_the_language_with_the_same_facts_for_programs(language):
    message = of_event(EVENT)
    spoken = message.spoken(language)
    assert OWN[language][0] in spoken.title
    assert "CRITICAL" in message.title
    assert "50.00%" in spoken.text
    assert (spoken.id, spoken.data, spoken.at) == (message.id, message.data, message.at)


def test_a_message_without_other_languages_goes_out_as_it_is():
    message = of_test("ops", "id", "now")
    assert message.spoken("ko") is message
    assert "시험" in of_test("ops", "id", "now", "ko").title


def test_a_channel_gets_its_language():
    with receiver() as hook:
        channel = Channel(slack=hook.url, allow_private=True, language="ko")
        courier = Courier()
        courier.configure({"ops": channel})
        courier.send((), of_event(EVENT))
        (got,) = hook.wait(lambda got: len(got) == 1)
        courier.stop()
    assert "심각: error_rate &gt; 5%, openai" in json.loads(got.body)["text"]
