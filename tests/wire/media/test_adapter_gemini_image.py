"""Gemini's pictures: ratios and sizes as words, tokens of pictures apart, and the filter."""

import pytest
from media_asks import CODED, PICTURE, PNG, answer, body

from madang.errors import ContentFiltered, ProviderFailed, ProviderRejected, UnsupportedFeature
from madang.model.media import ImageAsk
from madang.wire.media.gemini_image import WIRE

FLASH, PRO = "gemini-2.5-flash-image", "gemini-3-pro-image-preview"


def drawn(*parts, **more):
    candidate = {"content": {"parts": list(parts), "role": "model"}, "finishReason": "STOP"}
    return answer({"candidates": [candidate], **more})


PART = {"inlineData": {"mimeType": "image/png", "data": CODED}}


def test_a_request_has_the_ratio_and_the_size_as_words():
    sent = WIRE.write(ImageAsk(prompt="a kite", size="1024x1792", references=(PICTURE,)), PRO)
    assert sent.path == f"/models/{PRO}:generateContent"
    assert body(sent)["contents"][0]["parts"] == [{"text": "a kite"}, PART]
    assert body(sent)["generationConfig"] == {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": "9:16", "imageSize": "2K"},
    }
    assert sent.losses == ("size",)


def test_one_picture_per_call():
    with pytest.raises(UnsupportedFeature):
        WIRE.write(ImageAsk(prompt="a kite", n=2), FLASH)
    sent = WIRE.write(ImageAsk(prompt="a kite", size="1024x1024", quality="high"), FLASH)
    assert body(sent)["generationConfig"]["imageConfig"] == {"aspectRatio": "1:1"}
    assert sent.losses == ("quality",)


def test_a_picture_is_read_and_its_tokens_stand_apart():
    usage = {
        "promptTokenCount": 10,
        "candidatesTokenCount": 1300,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
        "thoughtsTokenCount": 5,
    }
    found = WIRE.read(drawn({"text": "Here."}, PART, usageMetadata=usage))
    assert [picture.data for picture in found.pictures] == [PNG]
    assert found.billed == {"input_tokens": 10, "output_tokens": 15, "image_tokens": 1290}


def test_a_thought_is_no_picture():
    with pytest.raises(ProviderFailed):
        WIRE.read(drawn({**PART, "thought": True}))


@pytest.mark.parametrize(
    "held_back",
    [
        answer({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
        answer({"candidates": [{"finishReason": "IMAGE_SAFETY"}]}),
    ],
)
def test_what_the_filter_held_back_is_told_as_that(held_back):
    with pytest.raises(ContentFiltered):
        WIRE.read(held_back)


def test_refusals_are_google_s():
    with pytest.raises(ProviderRejected, match="no"):
        WIRE.read(
            answer({"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}, 400)
        )
