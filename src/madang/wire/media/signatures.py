"""Proofs that a webhook is the provider's, each checked in constant time."""

import hmac
import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from madang.errors import Unauthenticated

TOLERANCE_S: Final = 300
"""How old or how far ahead a signed moment may be: fal's own rule."""

_MOST_KEYS: Final = 16
_MOMENT = re.compile(r"\d{1,12}")
_FAL: Final = "x-fal-webhook-"


def check_fal(
    headers: Mapping[str, str],
    body: bytes,
    key_set: Any,  # noqa: ANN401 - JSON from outside
    now_s: float,
) -> None:
    """Ed25519 over id, user, moment and sha256hex(body), a line each, with a key of fal's JWKS. Raises Unauthenticated.

    https://docs.fal.ai/model-apis/model-endpoints/webhooks#verifying-your-webhook, read in November 2026.
    """
    parts = [headers.get(f"{_FAL}{name}", "") for name in ("request-id", "user-id", "timestamp")]
    if not all(parts):
        raise _refused("it has no signature")
    if not _MOMENT.fullmatch(parts[2]) or abs(now_s - int(parts[2])) > TOLERANCE_S:
        raise _refused("its moment is too far away")
    message = "\n".join((*parts, sha256(body).hexdigest())).encode()
    try:
        signature = bytes.fromhex(headers.get(f"{_FAL}signature", ""))
    except ValueError as error:
        raise _refused("its signature is no hexadecimal text") from error
    # only now: a gateway that gets no such webhook need not carry the cryptography library
    from madang.wire.media.ed25519 import verifies  # noqa: PLC0415

    if not any(verifies(key, signature, message) for key in _keys(key_set)):
        raise _refused("its signature is not the provider's")


def check_token(headers: Mapping[str, str], secrets: Mapping[str, Any]) -> None:
    """A secret of ours in the address that a provider was given that signs nothing. Raises Unauthenticated.

    `secrets["token"]`, if there is one, has to stand in the header `x-madang-hook-token`: the server
    puts there what the address that was called has as its token.
    """
    token = secrets.get("token")
    if not isinstance(token, str) or not token:
        return
    given = headers.get("x-madang-hook-token") or ""
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise _refused("it does not have the token of its address")


def _keys(key_set: Any) -> list[bytes]:  # noqa: ANN401 - JSON from outside
    """The Ed25519 keys of a JWKS (RFC 8037)."""
    listed = key_set.get("keys") if isinstance(key_set, Mapping) else None
    found: list[bytes] = []
    for key in listed[:_MOST_KEYS] if isinstance(listed, list) else ():
        coded = key.get("x") if isinstance(key, Mapping) else None
        if not isinstance(coded, str) or key.get("crv", "Ed25519") != "Ed25519":
            continue
        try:
            found.append(urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
        except (Error, ValueError):
            continue
    return found


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated(f"The webhook was refused: {why}.", code="invalid_signature")
