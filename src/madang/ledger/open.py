"""Attempts under way: what a process had asked of providers and not yet entered, should it die.

A file per worker beside its journal, in slots of 512 bytes; each holds the facts of one attempt from before its
request leaves until its row is in the journal. What changes in one turn of the event loop goes out in
one `pwrite()`, before anything is sent; freeing a slot alone writes nothing, as a row that is in the
journal counts before what a slot says (docs/decisions/0007-attempts-under-way.md). What the kernel has
taken survives `kill -9`.
"""

import logging
import os
import re
import zlib
from collections.abc import Iterable
from struct import Struct as Layout
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from madang.ledger.alarm import Alarm
from madang.ledger.claim import Claim
from madang.model import Dialect, Outcome

log = logging.getLogger("madang.ledger")

SUFFIX: Final = ".open"
SLOT_BYTES: Final = 512
MOST_SLOTS: Final = 65_536
_CHUNK: Final = 64
_HEAD: Final = Layout("<IIH")
"""CRC-32 of the facts, bytes of text heard so far, length of the facts (0: the slot is free)."""

_HEARD: Final = Layout("<I")
_HEARD_AT: Final = 4
_LENGTH_AT: Final = 8
_NONE: Final = bytes(2)
_ROOM: Final = SLOT_BYTES - _HEAD.size
_MOST_HEARD: Final = 0xFFFF_FFFF
_MOST_TEXT: Final = 40
"""Characters of a text that is cut for want of room. Five of them, three ids and the numbers fit."""

_WORTH_WRITING: Final = 2

_ODD: Final = re.compile(r'[^\x20-\x7e]|["\\]')

_crc32 = zlib.crc32
_pack_into = _HEAD.pack_into


class Begun(Struct, frozen=True, array_like=True):
    """The facts of an attempt that is under way, as `model.Attempt` has them.

    `input_tokens` is the estimated prompt, `units` what else it will have used. `price` names the
    price row in force. From `outcome` on:
    what is known of an attempt that has ended, while its request goes on.
    """

    request_id: str
    n: int
    at_us: int
    key_id: str
    account_id: str | None
    tags: dict[str, str]
    dialect: Dialect
    asked_model: str
    model: str
    provider: str
    api: Dialect
    region: str | None
    streamed: bool
    input_tokens: int
    price: str | None
    outcome: Outcome = "lost"
    status: int = 0
    cause: str | None = None
    output_tokens: int = 0
    cost_nusd: int | None = None
    units: dict[str, int] = {}


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Begun).decode


class Alike:
    """Facts that many attempts have in common, written once: all but which request it is, when, and its prompt.

    `text` is written for the second of them (None: not yet, or it cannot be): many are the only ones of their kind.
    """

    __slots__ = ("_uses", "facts", "text")

    def __init__(self, facts: Begun) -> None:
        """`facts` are those of any of them."""
        self.facts = facts
        self.text: bytes | None = None
        self._uses = 0

    def use(self) -> None:
        """Another one is put on record without the text."""
        self._uses += 1
        if self._uses == _WORTH_WRITING:
            self.text = self._written()

    def _written(self) -> bytes | None:
        facts = self.facts
        common = [getattr(facts, name) for name in Begun.__struct_fields__[3:13]]
        try:
            middle, price = _encode(common)[1:-1], _encode(facts.price)
        except UnicodeEncodeError:  # lone surrogates
            return None
        own = b'["%b",%d,%d,', middle.replace(b"%", b"%%"), b",%d,", price.replace(b"%", b"%%")
        return b"".join((*own, b"]"))

    def begun(self, request_id: str, n: int, at_us: int, input_tokens: int) -> Begun:
        """The facts of one of them."""
        return replace(
            self.facts, request_id=request_id, n=n, at_us=at_us, input_tokens=input_tokens
        )


class UnderWay:
    """The attempts of one worker that are under way; for use by one thread. Nothing raises.

    `unmarked` counts attempts of which nothing would be known if the process died: too many at once.
    """

    def __init__(self, claim: Claim) -> None:
        """Raises OSError when the file cannot be made."""
        self._fd, self._path = claim.open(0, SUFFIX)
        self._image = bytearray()
        self._free: list[int] = []
        self._slots = 0
        self._due = False
        self._touched: list[int] = []  # the slots that differ from the file's
        self._alarm = Alarm(log)
        self.unmarked = 0

    def begin(self, facts: Begun) -> int:
        """An attempt begins: the number of its slot, -1 where there is none left."""
        free = self._free
        if not free and not self._grow():
            return -1
        slot = free.pop()
        self._put(slot, facts)
        return slot

    def begin_alike(
        self, alike: Alike, request_id: str, n: int, at_us: int, input_tokens: int
    ) -> int:
        """The same for one of many; `request_id` is one of ours, so there is nothing in it to be escaped."""
        if alike.text is not None:
            text = alike.text % (request_id.encode(), n, at_us, input_tokens)
            if len(text) <= _ROOM and (self._free or self._grow()):
                slot = self._free.pop()
                self._lay(slot, text)
                return slot
        else:
            alike.use()
        return self.begin(alike.begun(request_id, n, at_us, input_tokens))

    def change(self, slot: int, facts: Begun) -> None:
        """An attempt has ended, but its row waits for the end of the request."""
        if slot >= 0:
            self._put(slot, facts)

    def heard(self, slot: int, text_bytes: int) -> None:
        """So much text of a streamed answer has come so far."""
        if slot >= 0:
            heard = min(text_bytes, _MOST_HEARD)
            _HEARD.pack_into(self._image, slot * SLOT_BYTES + _HEARD_AT, heard)
            self._touched.append(slot)
            self._due = True

    def end(self, slots: Iterable[int]) -> None:
        """The rows of these attempts are in the journal. Written with the next that begins."""
        image, free, touched = self._image, self._free, self._touched
        for slot in slots:
            if slot >= 0:
                at = slot * SLOT_BYTES + _LENGTH_AT
                image[at : at + 2] = _NONE
                free.append(slot)
                touched.append(slot)

    def flush(self) -> None:
        """Write what has begun or gone on. What cannot be written is tried again the next time."""
        if not self._due or not self._touched:
            return
        start, end = min(self._touched) * SLOT_BYTES, (max(self._touched) + 1) * SLOT_BYTES
        try:
            while start < end:
                with memoryview(self._image) as image:
                    start += os.pwrite(self._fd, image[start:end], start)
        except OSError as error:
            self._touched = [min(self._touched), max(self._touched)]
            self._alarm.sound(
                f"attempts under way cannot be noted: {error}; a crash would lose them"
            )
            return
        self._due = False
        self._touched.clear()

    def close(self) -> None:
        """Give the file up; it goes, unless it holds what only it knows."""
        if self._fd < 0:
            return
        if len(self._free) == self._slots:
            self._path.unlink(missing_ok=True)
        else:
            self._due = True
            self.flush()
        os.close(self._fd)
        self._fd = -1

    def _put(self, slot: int, facts: Begun) -> None:
        text = _written(facts) or _written(replace(facts, tags={})) or _encode(_cut(facts))
        self._lay(slot, text)

    def _lay(self, slot: int, text: bytes) -> None:
        at = slot * SLOT_BYTES
        size = len(text)
        image = self._image
        _pack_into(image, at, _crc32(text), 0, size)
        at += 10
        image[at : at + size] = text
        self._touched.append(slot)
        self._due = True

    def _grow(self) -> bool:
        if self._slots >= MOST_SLOTS:
            self.unmarked += 1
            self._alarm.sound(f"more than {MOST_SLOTS} attempts under way; a crash would lose some")
            return False
        self._image += bytes(_CHUNK * SLOT_BYTES)
        self._free += range(self._slots + _CHUNK - 1, self._slots - 1, -1)
        # all of them are written at once: what is on the disk has room there
        self._touched += (self._slots, self._slots + _CHUNK - 1)
        self._slots += _CHUNK
        return True


def left_behind(data: bytes) -> tuple[list[tuple[Begun, int]], list[tuple[int, bytes, str]]]:
    """What a file of slots says was under way, with the bytes of text heard of each; and what is no such fact.

    The latter is (position, content, reason). A slot that does not prove itself by its checksum was
    being written: its request had not left.
    """
    left, odd = [], []
    for at in range(0, len(data) - _HEAD.size, SLOT_BYTES):
        crc, heard, length = _HEAD.unpack_from(data, at)
        text = data[at + _HEAD.size : at + _HEAD.size + length]
        if 0 < length <= _ROOM and len(text) == length and _crc32(text) == crc:
            try:
                left.append((_decode(text), heard))
            except msgspec.DecodeError as error:
                odd.append((at, text, str(error)))
    return left, odd


def _written(facts: Begun) -> bytes:
    """The facts as a slot has them; nothing where they do not fit, or are no text (lone surrogates)."""
    try:
        text = _encode(facts)
    except UnicodeEncodeError:
        return b""
    return text if len(text) <= _ROOM else b""


def _cut(facts: Begun) -> Begun:
    """The facts without tags and without the ends of long names."""
    named = ("asked_model", "model", "provider", "region", "price")
    cut = {
        name: _ODD.sub("?", text[:_MOST_TEXT]) for name in named if (text := getattr(facts, name))
    }
    return replace(facts, tags={}, **cut)
