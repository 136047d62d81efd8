"""What the tests of media adapters ask for and answer with."""

import json
from base64 import b64encode

from madang.model.media import Picture, VideoAsk
from madang.wire.media.contract import Incoming, Lost

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000"
    "000301010018dd8db00000000049454e44ae426082"
)
PICTURE = Picture("image/png", PNG)
CODED = b64encode(PNG).decode()


def video(**wishes):
    return VideoAsk(**{"name": "vid_1", "prompt": "a red kite over the sea", **wishes})


def body(outgoing):
    return json.loads(outgoing.body)


def answer(value, status=200, **headers):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Incoming(status, {"content-type": "application/json", **headers}, data)


def lost_order(name="vid_1-t", outgoing=None, model="m", sent_s=1_795_000_000.0):
    """An order whose answer was lost."""
    return Lost(name=name, model=model, body=outgoing.body if outgoing else b"", sent_s=sent_s)
