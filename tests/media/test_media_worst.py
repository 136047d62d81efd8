"""What is set aside for media before anybody is asked: by hand, and for everything that the catalogue prices."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from madang.catalog import load
from madang.errors import OutOfCredit, UnsupportedFeature
from madang.ledger.prices import Prices
from madang.media.money import Dearest, bill, dearest, kept_out, worst
from madang.model import Target
from madang.model.media import ImageAsk, Picture, Source, SpeechAsk, TranscribeAsk, VideoAsk
from madang.routing.route import Fallback, Route
from madang.wire.media.contract import Incoming
from madang.wire.media.registry import MEDIA

CATALOG = load()
PRICES = Prices(CATALOG.prices)
DAY = date(2026, 11, 20)
NOW_US = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1e6)
WAV = b"RIFF" + bytes(8_000 * 60 - 4)  # a minute at 8,000 samples of 8 bits
FILM = Source(id="video_1", change="edit", data=b"film", duration_ms=5000)
ASKS = {
    "videos": VideoAsk(
        name="n",
        prompt="A fox",
        duration_ms=5000,
        aspect="16:9",
        first=Picture(data=b"\x89PNG", url=None),
    ),
    "speech": SpeechAsk(text="Hello there", voice="alloy", format="wav"),
    "images": ImageAsk(prompt="A fox"),
    "transcriptions": TranscribeAsk(audio=WAV, filename="a.wav", mime="audio/wav"),
}


def target(name, provider="openai", work="images"):
    return Target(provider, name, work, name)


class Books:
    """Of a snapshot what money needs."""

    refuses_unpriced = True
    berth = staticmethod(lambda one: one)

    def price(self, one, _at_us):
        return PRICES.find(one.provider, one.model, one.canonical, DAY)


def counts_of(one, ask):
    wire = getattr(MEDIA[CATALOG.providers[one.provider].kind], one.api)
    if one.api != "videos":
        return wire.write(ask, one.model).counts
    try:
        return wire.submit(ask, one.model).counts
    except UnsupportedFeature:  # a model that begins with nothing, or with a clip
        of = FILM if one.model == "aleph2" else None
        return wire.submit(replace(ask, first=None, source=of), one.model).counts


def nusd(one, ask=None):
    return worst(Books(), one, counts_of(one, ask or ASKS[one.api]), NOW_US)


def priced_targets():
    for price in CATALOG.prices:
        model = CATALOG.models.get(price.model)
        if model is not None and model.makes in ASKS and price.in_force(DAY) and price.served:
            yield target(price.model, price.provider, model.makes)


@pytest.mark.parametrize(
    "one", list(priced_targets()), ids=lambda one: f"{one.provider}/{one.model}"
)
def test_whatever_has_a_price_has_a_worst_case(one):
    """Also what is sold by tokens, of which the caller states none."""
    if one.provider != "playground":
        assert nusd(one) > 0


def test_pictures_that_are_sold_by_tokens_are_set_aside_by_their_tokens():
    ask = ImageAsk(prompt="fox", n=2, quality="medium", size="1024x1024")
    assert nusd(target("gpt-image-1"), ask) == 3 * 5_000 + 2 * 1_584 * 40_000
    gemini = nusd(target("gemini-2.5-flash-image", "gemini"), ImageAsk(prompt="fox"))
    assert gemini == 3 * 300 + 4_000 * 2_500 + 2_600 * 30_000


def test_a_recording_is_as_long_as_its_bytes_can_be():
    assert nusd(target("whisper-1", work="transcriptions")) == 6_000_000  # a minute for 0.006
    thin = TranscribeAsk(audio=b"OggS" + bytes(44_996), filename="a.ogg", mime="audio/ogg")
    quiet = nusd(target("whisper-1", work="transcriptions"), thin)
    assert quiet == 6_000_000  # a minute of 6 kbit/s
    tokens = nusd(target("gpt-4o-transcribe", work="transcriptions"))
    assert tokens == 16_000 * 2_500 + 2_000 * 10_000


def test_a_picture_whose_tokens_nobody_counted_costs_the_worst_and_not_nothing():
    """Prices by tokens have the picture itself for nothing."""
    wire = MEDIA["openai"].images
    made = wire.read(Incoming(200, {}, b'{"data": [{"b64_json": "aGk="}]}'))
    sent = wire.write(ImageAsk(prompt="fox", quality="low"), "gpt-image-1").counts
    price = Books().price(target("gpt-image-1"), NOW_US)
    assert bill(price, [made.billed, sent], NOW_US).nusd == 3 * 5_000 + 408 * 40_000


def test_under_a_budget_nobody_is_asked_whose_price_is_unknown():
    known, strange = target("gpt-image-1"), target("gpt-image-9")
    counts = {known: {"images": 1, "output_tokens": 1000}, strange: {"images": 1}}
    route = Route("draw", (strange, known))
    most = dearest(Books(), route, counts.__getitem__, NOW_US)
    assert most == Dearest(40_000_000, (strange,))
    budget = SimpleNamespace(budgets=[object()])
    assert kept_out(Books(), budget, route, most) == (strange,)
    assert route.without([strange]).targets == (known,)
    assert kept_out(Books(), SimpleNamespace(budgets=[]), route, most) == ()
    with pytest.raises(OutOfCredit) as refused:
        kept_out(Books(), budget, Route("draw", (strange,)), Dearest(0, (strange,)))
    assert (refused.value.status, refused.value.code) == (402, "price_unknown")


def test_a_way_past_its_first_choice_goes_to_who_follows_any_failure():
    first, second, third = (target(name) for name in "abc")
    named = Fallback((second,), frozenset(["context_overflow"]))
    route = Route("m", (first,), fallbacks=(named, Fallback((first, third))))
    assert route.without([first]) == Route("m", (third,), fallbacks=(named,))
    assert Route("m", (first,), fallbacks=(named,)).without([first]) is None
    assert route.without([third]).fallbacks == (named, Fallback((first,)))
