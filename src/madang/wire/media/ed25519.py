"""Ed25519 signatures (RFC 8032), by the `cryptography` package."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a message was signed with the other half of a public key of 32 bytes; False for what is no key."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
