"""AES-256-GCM (NIST SP 800-38D), by the `cryptography` package.

Rule: this is the only module that imports it, and nobody imports this one before there is something sealed.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def seal(key: bytes, plain: bytes, context: bytes) -> tuple[bytes, bytes]:
    """A random nonce of 96 bits, and the sealed bytes with their tag; `context` must be given again to open them."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce, AESGCM(key).encrypt(nonce, plain, context)


def unseal(key: bytes, nonce: bytes, sealed: bytes, context: bytes) -> bytes | None:
    """What was sealed; None if it was not with this key and context, or was changed since."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, context)
    except (InvalidTag, ValueError):  # ValueError: a nonce of an impossible size
        return None
