"""The tables say of models what their adapters do: what is chosen can be sent as it was chosen."""

import json

import pytest
from media_asks import PICTURE, video

from madang.catalog import load
from madang.catalog.videos import load_videos
from madang.catalog.voices import load_voices
from madang.errors import ProviderRejected
from madang.wire.media import elevenlabs
from madang.wire.media.registry import MEDIA

CATALOG = load()
TABLE = load_videos(CATALOG)
OTHERS = {"openai", "stability"}
"""OpenAI's shape leaves lengths to whoever speaks it; Stability's film has ended."""

SENT = [
    (kind, model, row)
    for name, row in TABLE.models.items()
    for provider, model in CATALOG.models[name].ids.items()
    if (kind := CATALOG.providers[provider].kind) not in OTHERS
]


def length(sent):
    said = json.loads(sent.body)
    return int(said.get("duration") or said["parameters"]["durationSeconds"])


@pytest.mark.parametrize(("kind", "model", "row"), SENT)
def test_lengths_of_the_table_are_sent_as_they_are_and_no_others(kind, model, row):
    submit = MEDIA[kind].videos.submit
    first = PICTURE if row.needs_first else None
    for seconds in row.seconds:
        sent = submit(video(duration_ms=seconds * 1000, first=first), model)
        assert (length(sent), sent.losses) == (seconds, ())
    with pytest.raises(ProviderRejected, match="seconds"):
        submit(video(duration_ms=row.seconds[-1] * 1000 + 1, first=first), model)


@pytest.mark.parametrize(("kind", "model", "row"), SENT)
def test_ratios_pictures_and_references_of_the_table_are_taken(kind, model, row):
    submit = MEDIA[kind].videos.submit
    first = PICTURE if row.needs_first else None
    for aspect in row.aspects:
        assert submit(video(aspect=aspect, first=first), model).losses == ()
    for aspect in row.still_aspects:
        assert submit(video(aspect=aspect, first=PICTURE), model).losses == ()
    if row.last:
        submit(video(first=PICTURE, last=PICTURE), model)


@pytest.mark.parametrize("name", TABLE.models)
def test_references_are_taken_at_the_models_home_and_no_more_than_the_table_says(name):
    row, known = TABLE.models[name], CATALOG.models[name]
    kind = CATALOG.providers[known.home].kind
    if kind in OTHERS:
        return
    submit, model = MEDIA[kind].videos.submit, known.ids[known.home]
    if row.references:
        submit(video(references=(PICTURE,) * row.references), model)
    with pytest.raises(ProviderRejected):
        submit(video(references=(PICTURE,) * (row.references + 1)), model)


def test_longest_texts_are_those_of_the_adapter():
    for name, row in load_voices(CATALOG).items():
        if name in elevenlabs.MODELS:
            assert row.characters == elevenlabs.MODELS[name].characters


def test_every_model_of_film_and_speech_stands_in_its_table():
    """But for those that only change clips: nobody chooses among them."""
    made = {name: row.makes for name, row in CATALOG.models.items()}
    ways = [
        way for wires in MEDIA.values() if wires.videos for way in wires.videos.remakes.values()
    ]
    changers = {way.model for way in ways if way.model}
    assert set(TABLE.models) | changers == {
        name for name, makes in made.items() if makes == "videos"
    }
    assert set(load_voices(CATALOG)) == {name for name, makes in made.items() if makes == "speech"}
