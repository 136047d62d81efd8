"""Providers that the environment enables by itself."""

import pytest

from madang.config import ConfigError, detect
from madang.config.sections.providers import Provider

NAMES = {"openai": ("OPENAI_API_KEY",), "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY")}


def test_the_first_variable_with_a_value_enables_its_provider():
    environ = {"GEMINI_API_KEY": "", "GOOGLE_API_KEY": "g\n", "OTHER": "x"}
    assert detect(environ, NAMES) == {"gemini": Provider(api_key="g")}
    assert detect({**environ, "GEMINI_API_KEY": "first"}, NAMES)["gemini"].api_key == "first"
    assert detect({}, NAMES) == {}


def test_a_key_that_cannot_be_sent_is_refused_by_the_name_of_its_variable():
    with pytest.raises(
        ConfigError, match="the environment: OPENAI_API_KEY: the key holds"
    ) as caught:
        detect({"OPENAI_API_KEY": "sk planted"}, NAMES)
    assert "planted" not in str(caught.value)
