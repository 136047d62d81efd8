"""Schemas: what is sent to models, judged by an independent validator, and what is judged after the answer."""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_scripts import DRAFT, draft

from madang_studio.model.script import Script
from madang_studio.writing.draft import Draft, NewLines, Translations
from madang_studio.writing.judging import faults_of
from madang_studio.writing.schema import for_models, schema_of

# What the structured outputs of OpenAI, Anthropic and Gemini all take.
SHARED = {"type", "properties", "required", "additionalProperties", "items", "enum", "description"}


def objects(schema):
    """Every schema in a schema."""
    yield schema
    for inner in [*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])]:
        yield from objects(inner)


@pytest.mark.parametrize("record", [Draft, NewLines, Translations])
def test_what_is_sent_is_json_schema_in_words_that_all_providers_take(record):
    sent = for_models(schema_of(record))
    jsonschema_rs.meta.validate(sent)
    for one in objects(sent):
        assert one.keys() <= SHARED
        if one["type"] == "object":
            assert one["additionalProperties"] is False
            assert one["required"] == list(one["properties"])


def test_a_good_draft_fits_what_was_sent_and_a_bad_one_does_not():
    validator = jsonschema_rs.validator_for(for_models(schema_of(Draft)))
    assert validator.is_valid(DRAFT)
    assert not validator.is_valid(draft(scenes="none"))
    assert not validator.is_valid(draft(more=1))


def places(tree, path=()):
    """The path of everything in a tree."""
    yield path
    items = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


SPOILT = st.sampled_from(
    [None, 3, -1, 10**9, 2.5, "", "x" * 2_001, [], {}, [1], {"a": 1}, True, "sad"]
)


@given(st.sampled_from([path for path in places(DRAFT) if path]), SPOILT)
def test_our_judgement_is_that_of_an_independent_validator(path, value):
    schema = schema_of(Draft)
    tree = json.loads(json.dumps(DRAFT))
    owner = tree
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] = value
    faults = list(faults_of(tree, schema | {}))
    closed = json.loads(json.dumps(schema))
    for one in objects(closed):
        if "properties" in one:
            one["additionalProperties"] = False
    assert (not faults) == jsonschema_rs.validator_for(closed).is_valid(tree)


def test_every_fault_is_told_at_once_and_with_its_place():
    bad = draft(title="", logline=5)
    del bad["scenes"][1]["place"]
    assert [str(fault) for fault in faults_of(bad, schema_of(Draft))] == [
        "title is empty",
        "logline is 5, not of type string",
        "scenes[1].place is missing",
    ]


def test_the_schema_of_a_whole_script_is_json_schema():
    jsonschema_rs.meta.validate(schema_of(Script))
