"""What is wrong with an address that somebody has written."""

import re
from urllib.parse import SplitResult, urlsplit

_MOST_CHARS = 2000
_NOT_IN_HOST = re.compile(r"[\s\x00-\x20\x7f\\<>^`{|}%\"]")
_URL_PATH = re.compile(r"[!-~]*")


def base_url_fault(url: str) -> str | None:
    """Why paths cannot be appended to an address; None when they can."""
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return "not a URL; write for example https://api.example.com/v1"
    if parts.scheme not in ("http", "https"):
        return "a URL here starts with http:// or https://"
    if "@" in parts.netloc:
        return "a URL here holds no user or password; write the key as `api_key`"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "a URL here ends with its path: no `?` or `#`"
    if not port_fits or not _host_fits(parts) or not _URL_PATH.fullmatch(parts.path):
        return "not a URL; write for example https://api.example.com/v1"
    return None


def _host_fits(parts: SplitResult) -> bool:
    return bool(parts.hostname) and not _NOT_IN_HOST.search(parts.netloc)


def url_fault(url: str) -> str | None:
    """Why nothing can be sent to an address; None when it can."""
    example = "write for example https://hooks.example.com/madang"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return f"not a URL; {example}"
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return f"not a URL; {example}"
    if "@" in parts.netloc or parts.fragment:
        return "an address here holds no user, no password and no `#`"
    if (
        len(url) > _MOST_CHARS
        or not url.isascii()
        or any(one <= " " or one == "\x7f" for one in url)
    ):
        return "an address here is ASCII without spaces, of at most 2,000 characters"
    return None
