"""Stability's pictures: forms, bytes, and a filter that only a header tells."""

import pytest
from media_asks import PICTURE, PNG, answer
from test_adapter_contract import LAST_DAY, NOON_US, PRICES, Desk

from madang.drills.simulator.media.traps import Trap
from madang.errors import (
    ContentFiltered,
    ContextOverflow,
    ProviderBroken,
    ProviderOutOfQuota,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
    UnsupportedFeature,
)
from madang.ledger.prices import cost_nusd
from madang.model import Usage
from madang.model.media import ImageAsk
from madang.wire.media.contract import Incoming
from madang.wire.media.form import read_form
from madang.wire.media.stability import WIRE


def fields(sent):
    parts = read_form(sent.headers["content-type"].encode(), sent.body)
    return {part.name: part.text for part in parts}


@pytest.mark.parametrize(
    ("model", "way", "named"),
    [
        ("stable-image-core", "core", {}),
        ("stable-image-ultra", "ultra", {}),
        ("sd3.5-large", "sd3", {"model": "sd3.5-large"}),
    ],
)
def test_a_request_is_a_form_at_the_path_of_its_model(model, way, named):
    ask = ImageAsk(prompt="a kite", size="1024x1792", seed=7, fields={"style_preset": "anime"})
    sent = WIRE.write(ask, model)
    assert sent.path == f"/v2beta/stable-image/generate/{way}"
    assert sent.headers["accept"] == "image/*"
    assert fields(sent) == {
        "prompt": "a kite",
        "output_format": "png",
        "aspect_ratio": "9:16",
        "seed": "7",
        "style_preset": "anime",
        **named,
    }
    assert (sent.losses, sent.counts) == (("size",), {"images": 1})


@pytest.mark.parametrize(
    "wish",
    [{"n": 2}, {"references": (PICTURE,)}, {"aspect": "7:1"}, {"seed": 2**32}],
)
def test_what_it_cannot_do_is_refused(wish):
    with pytest.raises(UnsupportedFeature):
        WIRE.write(ImageAsk(prompt="a kite", **wish), "stable-image-core")
    with pytest.raises(ContextOverflow):
        WIRE.write(ImageAsk(prompt="a" * 10_001), "stable-image-core")


def test_the_picture_is_the_answer_unless_the_filter_struck():
    heads = {"content-type": "image/png", "finish-reason": "SUCCESS"}
    made = WIRE.read(Incoming(200, heads, PNG))
    assert ((made.pictures[0].mime, made.pictures[0].data), made.billed) == (
        ("image/png", PNG),
        {"images": 1},
    )
    with pytest.raises(ContentFiltered):
        WIRE.read(Incoming(200, {**heads, "finish-reason": "CONTENT_FILTERED"}, PNG))
    for odd in (Incoming(200, {"content-type": "text/html"}, b"<p>"), Incoming(200, heads, b"")):
        with pytest.raises(ProviderBroken):
            WIRE.read(odd)


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (403, "content_moderation", ContentFiltered),
        (402, "payment_required", ProviderOutOfQuota),
        (401, "unauthorized", ProviderRefusedKey),
        (403, "permission_denied", ProviderRefusedKey),
        (429, "rate_limit_exceeded", ProviderRateLimited),
        (400, "bad_request", ProviderRejected),
    ],
)
def test_refusals_are_judged_by_their_name(status, name, kind):
    refused = answer({"id": "x", "name": name, "errors": ["no", "never"]}, status)
    with pytest.raises(kind, match="no; never"):
        WIRE.read(refused)


@pytest.mark.parametrize("model", ["stable-image-core", "stable-image-ultra", "sd3.5-medium"])
def test_stability_draws_and_costs_what_its_book_says(simulated, model):
    desk = Desk(simulated, "stability")
    wire, ask = desk.wires.images, ImageAsk(prompt="a kite", aspect="9:16", seed=7)
    drawn = wire.read(desk.send(wire.write(ask, model)))
    assert drawn.pictures[0].data[:4] == PNG[:4]
    (entry,) = desk.entries()
    price = PRICES.find("stability", model, model, LAST_DAY)
    assert cost_nusd(price, Usage(units=drawn.billed), NOON_US) == entry.nusd > 0
    desk.side.set_traps(Trap("blocked"))
    with pytest.raises(ContentFiltered):
        wire.read(desk.send(wire.write(ask, model)))
