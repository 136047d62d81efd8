"""Single members of a body that is not decoded: what an envelope is made of."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from madang.errors import InvalidRequest

T = TypeVar("T")


def member(
    fields: Mapping[str, bytes | msgspec.Raw],
    name: str,
    decoder: "msgspec.json.Decoder[T]",
    kind: str,
) -> T | None:
    """The value of a member; None where it is absent.

    Raises InvalidRequest where it is not `kind`, the words for what the decoder takes.
    """
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidRequest(
            f"`{name}` must be {kind}.", param=name, code="invalid_type"
        ) from error
