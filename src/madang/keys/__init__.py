"""Callers' keys: made once, shown once, kept as SHA-256, checked without I/O.

A raw key is `mdg_` and 43 characters of URL-safe base64: 32 random bytes. Rule: after `create` or
`rotate` returned it, no raw key appears in any file, log, message or record; its first 8 characters
may. A key has one current secret, and for a while after a rotation the one before it.
"""

from madang.keys.keyring import ENVIRONMENT_KEY_ID, Keyring
from madang.keys.record import Key, KeyChange, NewKey, Period, Secret, Selection, allows
from madang.keys.secret import SHOWN, Credential, make_raw
from madang.keys.spelling import parse_duration, parse_grace, parse_usd

__all__ = [
    "ENVIRONMENT_KEY_ID",
    "SHOWN",
    "Credential",
    "Key",
    "KeyChange",
    "Keyring",
    "NewKey",
    "Period",
    "Secret",
    "Selection",
    "allows",
    "make_raw",
    "parse_duration",
    "parse_grace",
    "parse_usd",
]
