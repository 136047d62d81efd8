"""The choice of a model for `speech:auto`."""

from datetime import date
from decimal import Decimal

import pytest

from madang import catalog
from madang.catalog.voices import load_voices
from madang.errors import UnsupportedFeature
from madang.model.price_list import PriceLine, priced
from madang.routing.media.voices import SpeechOffer, SpeechWish, choose, estimate, seconds_of

ROWS = load_voices(catalog.load())
TODAY = date(2026, 11, 20)
ID_OF_A_VOICE = "21m00Tcm4TlvDq8ikWAM"
PRICES = {
    "tts-1": 15_000,
    "tts-1-hd": 30_000,
    "eleven_multilingual_v2": 100_000,
    "eleven_flash_v2_5": 50_000,
}
"""Nano-dollars for a character, by the makers' lists."""


def offers(characters=1000):
    """What a thousand characters cost by each model's list, in nano-dollars."""
    return [
        SpeechOffer(
            provider="openai" if name.startswith("tts") else "elevenlabs",
            model=name,
            row=ROWS[name],
            cost_nusd=each * characters,
        )
        for name, each in PRICES.items()
    ]


def order(wish, given=None):
    return [one.model for one in choose(given or offers(), wish, TODAY).offers]


def test_the_cheapest_comes_first():
    assert order(SpeechWish(characters=1000)) == [
        *("tts-1", "tts-1-hd", "eleven_flash_v2_5", "eleven_multilingual_v2"),
    ]


def test_who_says_when_words_are_heard_is_asked_where_that_is_wanted():
    assert order(SpeechWish(characters=1000, timed=True))[0] == "eleven_flash_v2_5"


@pytest.mark.parametrize(
    ("voice", "first"),
    [("alloy", "tts-1"), (ID_OF_A_VOICE, "eleven_flash_v2_5"), ("nova", "tts-1")],
)
def test_a_voice_leads_to_those_who_have_it(voice, first):
    assert order(SpeechWish(characters=10, voice=voice))[0] == first


def test_languages_long_texts_and_budgets_leave_some_out():
    assert "eleven_multilingual_v2" not in order(SpeechWish(characters=10, language="vi-VN"))
    assert order(SpeechWish(characters=30_000)) == ["eleven_flash_v2_5"]
    assert order(SpeechWish(characters=1000, budget_nusd=20_000_000)) == ["tts-1"]


def test_quality_is_what_was_measured_and_the_unknown_stands_last():
    given = offers()
    given[2] = SpeechOffer(provider="e", model="m2", row=given[2].row, cost_nusd=10, quality=0.9)
    assert order(SpeechWish(characters=10, prefer="quality"), given)[:2] == ["m2", "tts-1"]


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        (SpeechWish(characters=50_000), "input"),
        (SpeechWish(characters=10, voice="nobody"), "voice"),
        (SpeechWish(characters=10, voice="alloy", timed=True), "timestamps"),
        (SpeechWish(characters=10, budget_nusd=0), "budget"),
    ],
)
def test_the_error_names_the_constraint_that_left_no_voice(wish, param):
    with pytest.raises(UnsupportedFeature) as caught:
        choose(offers(), wish, TODAY)
    assert caught.value.param == param


def test_what_rests_or_has_ended_is_left_out():
    given = offers()
    gone = SpeechOffer(provider="o", model="x", row=ROWS["tts-1"], cost_nusd=1, sunset=TODAY)
    resting = SpeechOffer(provider="o", model="y", row=ROWS["tts-1"], cost_nusd=1, healthy=False)
    choice = choose([*given, gone, resting], SpeechWish(characters=10), TODAY)
    assert {one.target for one in choice.decision.left_out} == {"o/x", "o/y"}
    with pytest.raises(UnsupportedFeature, match="configured"):
        choose([], SpeechWish(characters=10), TODAY)


def price(**figures):
    line = PriceLine(model="m", valid_from=TODAY, **figures)
    return priced(line, provider="p", source="here", retrieved=TODAY)


def wish(text):
    return SpeechWish(characters=len(text), seconds=seconds_of(text))


def test_speech_that_is_sold_by_tokens_is_compared_by_its_seconds():
    """4,096 characters took 256 s when somebody measured it; OpenAI has 0.015 dollars a minute."""
    said = wish("a" * 4096)
    assert said.seconds == 256
    by_tokens = estimate(
        price(input=Decimal("0.60"), output=Decimal(12)), ROWS["gpt-4o-mini-tts"], said
    )
    assert by_tokens == pytest.approx(256 / 60 * 15_000_000, rel=0.02)
    by_characters = estimate(price(per={"million_characters": Decimal(15)}), ROWS["tts-1"], said)
    assert by_characters == 4096 * 15_000
    assert estimate(price(input=Decimal(1), output=Decimal(1)), ROWS["tts-1"], said) is None
    assert estimate(None, ROWS["tts-1"], said) is None


def test_scripts_of_syllables_take_longer_to_say():
    assert seconds_of("안녕하세요 여러분") == pytest.approx(8 / 6 + 1 / 16)
    assert seconds_of("你好, Anna") == pytest.approx(2 / 6 + 6 / 16)


def test_the_choice_tells_what_each_asks_for_a_thousand_characters():
    row = ROWS["gpt-4o-mini-tts"]
    token = SpeechOffer(provider="o", model="mini", row=row, cost_nusd=7_812_500)
    told = choose([*offers(500), token], SpeechWish(characters=500), TODAY).decision.signals
    assert told[:2] == (
        "openai/tts-1: $0.0150 for 1,000 characters",
        "o/mini: about $0.0156 for 1,000 characters",
    )
