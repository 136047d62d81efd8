"""How people write times and amounts when they ask for a key."""

import re

from madang.errors import InvalidRequest
from madang.model.money import NUSD

_USD = re.compile(r"\$?([0-9]{1,9})(?:\.([0-9]{1,9}))?")
_UNITS_S = {"w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile("".join(f"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS_S))
_LONGEST_GRACE_S = 366 * 86_400


def parse_duration(text: str) -> int:
    """Seconds of `30d`, `12h`, `1w2d`, `90m`, `45s`. Raises InvalidRequest."""
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = 0
    if match:
        seconds = sum(
            int(n or 0) * unit for n, unit in zip(match.groups(), _UNITS_S.values(), strict=True)
        )
    if not seconds:
        raise InvalidRequest(f"{text!r} is not a duration; write for example 30d, 12h or 1d12h.")
    return seconds


def parse_grace(text: str) -> int:
    """Seconds for which a replaced secret still works: a duration, a year at most, or `0`. Raises InvalidRequest."""
    seconds = 0 if text.strip() == "0" else parse_duration(text)
    if seconds > _LONGEST_GRACE_S:
        raise InvalidRequest("A replaced key may work for a year at most.", param="grace")
    return seconds


def parse_usd(text: str) -> int:
    """Nano-dollars of a positive amount in dollars (`12.50`), exactly. Raises InvalidRequest."""
    match = _USD.fullmatch(text.strip())
    nusd = 0
    if match:
        nusd = int(match[1]) * NUSD + int((match[2] or "").ljust(9, "0"))
    if not nusd:
        raise InvalidRequest(
            f"{text!r} is not an amount in dollars: write for example 12.50, above zero and with "
            "at most nine decimals."
        )
    return nusd
