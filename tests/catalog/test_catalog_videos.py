"""The table of film: either right or refused, with the row named; and no figure without a page and a day."""

from datetime import date

import pytest

from madang import catalog
from madang.catalog import CatalogError
from madang.catalog.videos import load_videos, parse_videos
from madang.catalog.voices import load_voices

CATALOG = catalog.load()
ROW = (
    "{model: kling-v3, make_s: 135, seconds: [3-15], source: https://x.example, as_of: 2026-11-20}"
)


def parse(row=ROW, profiles="{}"):
    return parse_videos(f"models: [{row}]\nprofiles: {profiles}", CATALOG)


def test_a_span_is_every_length_and_choices_are_themselves():
    assert parse().models["kling-v3"].seconds == tuple(range(3, 16))
    assert parse(ROW.replace("3-15", "10, 5")).models["kling-v3"].seconds == (5, 10)


def test_prices_of_profiles_are_exact():
    line = ROW.replace("make_s", "usd_per_s: 0.1, make_s")
    (row,) = parse(profiles=f"{{mine: [{line}]}}").profiles["mine"]
    assert row.nusd_per_s == 100_000_000


@pytest.mark.parametrize(
    "row",
    [
        ROW.replace("kling-v3", "nobody"),
        ROW.replace("kling-v3", "gpt-4.1"),
        f"{ROW}, {ROW}",
        ROW.replace("3-15", "15-3"),
        ROW.replace("3-15", "0"),
        ROW.replace("3-15", "long"),
        ROW.replace("seconds: [3-15]", "seconds: []"),
        ROW.replace("135", "0"),
        ROW.replace("135", "soon"),
        ROW.replace("make_s", "quality: 1.5, make_s"),
        ROW.replace("make_s", "quaility: 1, make_s"),
        ROW.replace("make_s", "usd_per_s: 0.0000000001, make_s"),
        "{model: kling-v3",
    ],
)
def test_what_is_wrong_is_refused(row):
    with pytest.raises(CatalogError, match=r"videos\.yaml"):
        parse(row)


def test_days_of_ending_are_the_catalogues():
    table = load_videos(CATALOG)
    ends = {name: row.sunset for name, row in table.models.items() if row.sunset}
    assert ends["sora-2"] == date(2026, 9, 24)
    assert ends["stable-video-diffusion"] == date(2025, 7, 24)
    assert ends["veo-3.1-generate-preview"] == date(2026, 10, 22)
    assert all(CATALOG.models[name].sunset == day for name, day in ends.items())


def test_every_row_names_its_page_and_day():
    table = load_videos(CATALOG)
    rows = [*table.models.values(), *(one for rows in table.profiles.values() for one in rows)]
    for row in (*rows, *load_voices(CATALOG).values()):
        assert row.source.startswith("https://")
        assert row.as_of <= date(2026, 11, 20)
        assert row.quality is None or 0 <= row.quality <= 1
