"""ED25519 signatures of webhooks, and the key that proves them, as a JSON Web Key Set (RFC 8037)."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Sealer:
    """Signs with a key that comes of the seed, so that it is the same in every run."""

    def __init__(self, seed: int = 0) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(sha256(b"sim%d" % seed).digest())
        self._wrong = Ed25519PrivateKey.from_private_bytes(sha256(b"forger%d" % seed).digest())

    def sign(self, text: bytes, *, forged: bool = False) -> str:
        """The signature in hexadecimal; a forged one is made with another key."""
        return (self._wrong if forged else self._key).sign(text).hex()

    def keys(self) -> dict[str, Any]:
        """The key set."""
        point = urlsafe_b64encode(self._key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "sim", "x": point}]}
