"""Web pages that ask from a browser: which of them may read the answers (CORS, https://fetch.spec.whatwg.org).

Pages of other origins get answers without leave, which their browser keeps from them. The administration
is for none.
"""

from collections.abc import Collection

from madang.server.request import Request

ANY = "*"
_LASTING_S = 7200  # browsers remember it for no longer


def admit(request: Request, origins: Collection[str]) -> bool:
    """Let pages of these origins read the answer; whether it was only a question whether they may, and is answered."""
    origin = request.headers.get(b"origin")
    if origin is None or not (ANY in origins or origin.decode("latin-1") in origins):
        return False
    leave = b"access-control-allow-origin: %b\r\nvary: origin\r\n" % origin
    wanted = request.headers.get(b"access-control-request-method")
    if request.method != "OPTIONS" or wanted is None:
        request.notice = leave + b"access-control-expose-headers: *\r\n"
        return False
    headers = request.headers.get(b"access-control-request-headers", b"")
    head = (
        b"access-control-allow-methods: %b\r\naccess-control-allow-headers: %b\r\n"
        b"access-control-max-age: %d\r\n" % (wanted, headers, _LASTING_S)
    )
    request.respond(204, leave + head, b"")
    return True
