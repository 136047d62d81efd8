"""The configuration page tells the truth: its examples load, its defaults are the real ones."""

import re
from pathlib import Path

import msgspec
import pytest

from madang.config import parse, settings
from madang.config.sections import models, providers

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
ENVIRON = {
    "OPENAI_API_KEY": "sk-a",
    "ANTHROPIC_API_KEY": "sk-b",
    "STRIPE_WEBHOOK_SECRET": "whsec_c",
    "TOSS_SECRET_KEY": "live_sk_d",
    "HOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "SLACK_URL": "https://hooks.slack.com/services/a/b/c",
    "SMTP_PASSWORD": "e",
}
ROWS = dict.fromkeys(re.findall(r"^\| `([a-z0-9_]+)` \| ([^|]+) \|", PAGE, re.MULTILINE))
RECORDS = {
    kind.__name__: kind
    for module in (settings, providers, models)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_load(example):
    assert parse(example, ENVIRON).providers


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_every_key_is_explained_with_its_default(record):
    missing = [
        field.encode_name
        for field in msgspec.structs.fields(record)
        if not any((field.encode_name, shown) in ROWS for shown in _shown(field))
    ]
    assert not missing


def _shown(field):
    """How a default may be written on the page."""
    if field.required:
        return ["required"]
    if field.default_factory is not msgspec.NODEFAULT:
        return ["none"]
    if isinstance(field.default, msgspec.Struct):
        return ["see below"]
    if field.default in (None, ()):
        return ["none", "the catalogue's"]
    if isinstance(field.default, bool):
        return [f"`{field.default}`".lower()]
    return [f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"]
