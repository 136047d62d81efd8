"""Pictures as providers take them: by address, as a data URI, or as bare base64."""

from base64 import b64decode, b64encode
from binascii import Error
from typing import Final

from madang.errors import ProviderBroken
from madang.model.media import Picture, Source
from madang.wire.media.fitting import lacking

_MAX_BYTES: Final = 256 * 1024 * 1024


def uri(picture: Picture, most_bytes: int | None = None) -> str:
    """The address of a picture, or the picture as a data URI. Raises UnsupportedFeature beyond `most_bytes` of that."""
    if picture.url is not None:
        return picture.url
    said = f"data:{picture.mime};base64,{_coded(picture)}"
    if most_bytes is not None and len(said) > most_bytes:
        raise lacking("input_reference", f"takes pictures of up to {most_bytes} bytes as data URIs")
    return said


def bare(picture: Picture) -> str:
    """The address of a picture, or its base64 without `data:` before it (Kling)."""
    return picture.url if picture.url is not None else _coded(picture)


def inline(picture: Picture) -> str:
    """Base64 of a picture whose bytes are needed. Raises UnsupportedFeature where there is an address only."""
    if picture.data is None:
        raise lacking("input_reference", "takes pictures as bytes, not by address")
    return _coded(picture)


def film(source: Source, most_bytes: int | None = None) -> str:
    """The address of a clip, or the clip as a data URI. Raises UnsupportedFeature beyond `most_bytes` of that."""
    if source.url is not None:
        return source.url
    said = f"data:{source.mime};base64,{b64encode(source.data or b'').decode()}"
    if most_bytes is not None and len(said) > most_bytes:
        raise lacking(
            "video",
            f"takes clips of up to {most_bytes} bytes as data URIs, larger ones where `media.public_url` is set",
        )
    return said


def decoded(text: str) -> bytes:
    """The bytes behind base64 that a provider sent. Raises ProviderBroken."""
    if len(text) > _MAX_BYTES:
        raise ProviderBroken("the provider sent a file larger than 192 MB inside its answer")
    try:
        return b64decode(text, validate=True)
    except (Error, ValueError) as error:
        raise ProviderBroken("the provider sent a file that is not base64") from error


def _coded(picture: Picture) -> str:
    return b64encode(picture.data or b"").decode()
