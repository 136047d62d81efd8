"""One HTTP/1.1 answer, read from bytes without any I/O: feed it what arrives, it returns the body.

httptools finds the borders; this adds what it lacks: bounds, the end at EOF, and the refusal of
anything behind the end. A reader lives for one answer, so nothing of it can leak into the next.
"""

from typing import NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from madang.errors import ProviderBroken


class Bounds(NamedTuple):
    """How much of an answer is taken before it counts as an attack or a defect.

    `max_head_bytes` also bounds every other stretch without body: interim answers, trailers, chunk
    extensions. `max_head_count` counts header lines. `max_body_bytes` is for an answer read as a
    whole, after decompression.
    """

    max_head_bytes: int = 65_536
    max_head_count: int = 200
    max_body_bytes: int = 256 * 1024 * 1024


class ResponseReader:
    """Reads one answer, skipping interim (1xx) ones.

    `headed`: status line and headers are complete, so `status` and `headers` (lower-case names,
    repeated ones joined with a comma) are final. `complete`: the body has ended as well.
    `reusable`: the connection may then carry another exchange. `flaw`: why no more can be read.
    `host` only names the provider in messages.
    """

    __slots__ = (
        "_arrived",
        "_barren_bytes",
        "_lines",
        "_parser",
        "bounds",
        "complete",
        "flaw",
        "headed",
        "headers",
        "host",
        "on_body",
        "reusable",
        "status",
    )

    def __init__(self, host: str, bounds: Bounds) -> None:
        self.host = host
        self.bounds = bounds
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.headed = False
        self.complete = False
        self.reusable = False
        self.flaw: ProviderBroken | None = None
        self._lines: list[tuple[bytes, bytes]] = []
        self._barren_bytes = 0
        self._arrived: list[bytes] = []
        # the parser calls it for every piece: a builtin, so that a piece costs no Python frame
        self.on_body = self._arrived.append
        self._parser = HttpResponseParser(self)

    @property
    def untouched(self) -> bool:
        """Whether not a single byte of an answer has arrived."""
        return not self.headed and self._barren_bytes == 0

    def feed(self, data: bytes) -> bytes:
        """Take what the socket gave, cut anywhere; return the bytes of body in it.

        A violation sets `flaw`; what came before it is still returned.
        """
        self._barren_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._judge(error)
        arrived = self._arrived
        if not arrived:
            self._check_barren()
            return b""
        self._barren_bytes = 0
        body = arrived[0] if len(arrived) == 1 else b"".join(arrived)
        arrived.clear()
        return body

    def end_of_file(self) -> bool:
        """The provider has closed: return whether the answer is complete.

        Its closing completes only a body that has no other end.
        """
        if self.headed and not self.complete:
            headers = self.headers
            self.complete = b"content-length" not in headers and b"transfer-encoding" not in headers
            self.reusable = False
        return self.complete

    def release(self) -> None:
        """Let go of the parser, whose reference to us would wait for the garbage collector."""
        del self._parser

    def on_message_begin(self) -> None:
        """Stop the parser at an answer behind the one that was asked for."""
        if self.complete:
            raise self._broken("more than one answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note one header; called for every one, so no more is done here."""
        self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        """Settle status and framing, or forget an interim answer."""
        lines, self._lines = self._lines, []  # what comes now are trailers, which nobody expects
        self.status = self._parser.get_status_code()
        if 100 <= self.status < 200:
            return
        if len(lines) > self.bounds.max_head_count:
            raise self._broken("too many headers")
        self.headers = {name.lower(): value.rstrip() for name, value in lines}
        if len(self.headers) < len(lines):
            self.headers = _joined(lines)
        self._check_head()
        self.reusable = self._parser.should_keep_alive()
        self.headed = True

    def on_message_complete(self) -> None:
        """Note the end of the answer; the end of an interim one means nothing."""
        self.complete = self.headed

    def _check_head(self) -> None:
        """Stop the parser at a head out of bounds, or one that leaves the body's end unclear."""
        headers = self.headers
        if self._barren_bytes > self.bounds.max_head_bytes:  # a body may be among these
            head_bytes = sum(len(name) + len(value) + 4 for name, value in headers.items())
            if head_bytes > self.bounds.max_head_bytes:
                raise self._broken("too large a head")
        coding = headers.get(b"transfer-encoding")
        if coding is not None and coding.lower() != b"chunked":
            raise self._broken("a transfer-encoding other than chunked")
        if self.status < 100:
            raise self._broken("a status below 100")

    def _check_barren(self) -> None:
        """Note where a head, or a stretch without body behind it, goes on for too long."""
        if self.complete or self.flaw is not None:
            return
        if self._barren_bytes > self.bounds.max_head_bytes:
            self.flaw = self._broken("too many bytes without a body")
        elif len(self._lines) > self.bounds.max_head_count and not self.headed:
            self.flaw = self._broken("too many headers")

    def _judge(self, error: Exception) -> None:
        """Note a violation; one behind the end of the answer costs only the connection."""
        cause = error.__context__
        if self.complete:
            self.reusable = False
        elif isinstance(cause, ProviderBroken):  # raised by our own callbacks
            self.flaw = cause
        else:
            self.flaw = self._broken(f"a malformed answer ({error})")
            self.flaw.__cause__ = error

    def _broken(self, what: str) -> ProviderBroken:
        return ProviderBroken(f"{self.host} sent {what}")


def _joined(lines: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers of which some are repeated, the values of one name behind each other."""
    headers: dict[bytes, bytes] = {}
    for name, value in lines:
        known, value = name.lower(), value.rstrip()  # noqa: PLW2901
        headers[known] = headers[known] + b", " + value if known in headers else value
    return headers
