"""Where a provider lives: scheme, host and port, and nothing that could be a secret."""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9._-]+")


class Origin(NamedTuple):
    """One server, as the connection pool keys it.

    `host` is lower-case ASCII; an IPv6 address stands without its brackets. `stranger`: somebody else
    has named it, so that it is dialled only where all its addresses are of the public Internet, or allowed.
    """

    scheme: str
    host: str
    port: int
    stranger: bool = False

    @property
    def authority(self) -> str:
        """`host[:port]` as a Host header wants it: the scheme's default port is left out."""
        default = self.port == _DEFAULT_PORTS[self.scheme]
        return self.address.rpartition(":")[0] if default else self.address

    @property
    def address(self) -> str:
        """`host:port`, as a CONNECT wants it: the port is always named, IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def encrypted(self) -> bool:
        """Whether connections to it speak TLS."""
        return self.scheme == "https"


def parse_base_url(url: str) -> tuple[Origin, str]:
    """Split `https://h/v1/` into its origin and the path before every request (`/v1`, or empty).

    Raises ValueError on anything but a plain http(s) URL: other schemes, credentials, a query, a
    fragment, spaces, an impossible host or port, a path that is not ASCII. The message does not
    repeat the URL, which may hold a secret.
    """
    if not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("a base URL holds no spaces, backslashes or control characters")
    parts, port = _split(url)
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("a base URL starts with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError("a base URL holds no user name and no password")
    if "?" in url or "#" in url:
        raise ValueError("a base URL holds no query and no fragment")
    if not parts.path.isascii():
        raise ValueError("the path of a base URL is ASCII, with everything else escaped by %")
    if port is None:
        port = _DEFAULT_PORTS[parts.scheme]
    return Origin(parts.scheme, _host(parts.hostname or ""), port), parts.path.rstrip("/")


def _split(url: str) -> tuple[SplitResult, int | None]:
    """Split a URL and read its port. The standard library's own messages would repeat parts of it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("a base URL has the form https://host:port/path") from None
    if port == 0:
        raise ValueError("the port of a base URL is between 1 and 65535")
    return parts, port


def _host(host: str) -> str:
    """Return a host as DNS and TLS want it, or raise ValueError."""
    if ":" in host:  # urlsplit has checked that it is an address in brackets
        return host
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        name = ""
    if not _NAME.fullmatch(name):
        raise ValueError("a base URL names a host")
    return name
