"""How fast providers may be asked, as it stands in a file."""

import pytest

from madang.config import ConfigError, parse
from madang.config.sections.pacing import Pace, Queue


def provider(text):
    return parse(f"providers: {{openai: {{api_key: sk-x, {text}}}}}", {}).providers["openai"]


def test_limits_are_off_or_a_pace_for_each_model():
    assert provider("limits: off, concurrency: off").limits == "off"
    given = provider('limits: {gpt-4.1: {rps: 5, burst: 9}, "*": {tpm: 1000}}')
    assert given.limits == {"gpt-4.1": Pace(rps=5, burst=9), "*": Pace(tpm=1000)}
    assert provider("queue: {length: 0}").queue == Queue(length=0, wait_s=20.0)


def test_what_is_not_said_is_left_to_the_catalogue():
    given = provider("region: eu")
    assert (given.limits, given.concurrency, given.key_limits) == (None, None, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits: on", "`off`"),
        ("concurrency: 0", "from 1"),
        ("limits: {m: {rps: 0}}", "from 1"),
        ("limits: {m: {rpx: 1}}", "Did you mean `rp"),
        ("limits: {m: {burst: 5}}", "a burst needs the rate"),
        ("key_limits: {m: {tpm: 5, burst: 5}}", "a burst needs the rate"),
        ("queue: {wait_s: -1}", "above 0"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_write(text, said):
    with pytest.raises(ConfigError, match=said):
        provider(text)
