"""Load without pause on a gateway that is killed again and again, and the account of it beside the provider's book."""

import asyncio
import itertools
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

from server_crowd import ask
from server_gateway import Gateway, eventually
from test_server_budget_edge import PRICES, body
from test_server_ending import attempts

WHOLE_IDS = re.compile(rb'"id": ?"(chatcmpl-[^"]+)"')
REQUEST_ID = re.compile(rb"\r\nx-request-id: (\S+)\r\n")
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")
FAULTS = (
    {"model": "gpt-4o", "fault": "cut"},
    {"model": "gpt-4.1-mini", "tokens_per_s": 400, "latency_s": 0.01},
    {"model": "gpt-4.1", "tokens_per_s": 2000, "error_rate": 0.1, "error_status": 503},
)
KINDS = (
    (body("gpt-4.1", 40), 0),
    (body("gpt-4.1", 40, stream=True), 0),
    (body("gpt-4.1-mini", 60, stream=True), 0),
    (body("gpt-4o", 30, stream=True), 0),
    (body("gpt-4.1-mini", 60, stream=True), 900),
    (body("gpt-4.1-mini", 30), 0),
)
"""Requests, plain and streamed, and after how many bytes the caller leaves. Some models fail, some streams are cut."""


class Delivered(NamedTuple):
    """An answer that a caller has got whole: our id and the provider's."""

    request_id: str
    charge_id: str


class Callers:
    """Ask without pause, whatever becomes of the gateway; `delivered` is what they have got whole."""

    def __init__(self, gateway: Gateway, key: str, at_once: int, seed: int) -> None:
        self.delivered: list[Delivered] = []
        self._gateway, self._key, self._dice = gateway, key, random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all(at_once)))
        self._thread.start()

    def end(self) -> None:
        """Stop asking, and wait for the last answers."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _all(self, at_once: int) -> None:
        await asyncio.gather(*(self._one() for _ in range(at_once)))

    async def _one(self) -> None:
        while not self._stop.is_set():
            request, leave_after = self._dice.choice(KINDS)
            try:
                status, heard = await ask(
                    self._gateway.port, self._key, request, leave_after=leave_after
                )
            except OSError:  # nobody is there just now
                await asyncio.sleep(0.02)
                continue
            if status == 200 and not leave_after and is_whole(heard):
                charge = WHOLE_IDS.search(heard)[1].decode()
                self.delivered.append(Delivered(REQUEST_ID.search(heard)[1].decode(), charge))


def is_whole(heard: bytes) -> bool:
    """Whether an answer came to its proper end, by what HTTP and its dialect say."""
    head, _, rest = heard.partition(b"\r\n\r\n")
    length = LENGTH.search(head + b"\r\n")
    if length is not None:
        return len(rest) == int(length[1])
    return rest.endswith(b"0\r\n\r\n") and b"data: [DONE]" in rest and b'"error"' not in rest


def kill_all(gateway: Gateway) -> None:
    """End the supervisor and every worker without any warning, and start anew."""
    workers = gateway.workers
    gateway.kill()
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    gateway.start()


def kill_one(gateway: Gateway, dice: random.Random) -> None:
    """End one worker without any warning; its supervisor starts another."""
    with suppress(ProcessLookupError, IndexError):
        os.kill(dice.choice(gateway.workers), signal.SIGKILL)


def slaughter(gateway: Gateway, key: str, kills: int, seed: int) -> Callers:
    """Load, with so many kills at random moments, each after some answers; what the callers have got."""
    dice = random.Random(seed)
    callers = Callers(gateway, key, 16, seed)
    try:
        for number in range(kills):
            enough = len(callers.delivered) + 12
            eventually(lambda enough=enough: len(callers.delivered) >= enough)
            time.sleep(dice.uniform(0, 0.4))
            if len(gateway.workers) > 1 and number % 2:
                kill_one(gateway, dice)
            else:
                kill_all(gateway)
        time.sleep(0.3)
    finally:
        callers.end()
    return callers


def cost_of(charge: dict) -> int:
    """Nano-dollars, by the prices of the provider's page."""
    entered, cached, made = PRICES[re.sub(r"-\d{4}-\d\d-\d\d$", "", charge["model"])]
    fresh = charge["input"] - charge["cached"]
    return fresh * entered + charge["cached"] * cached + charge["output"] * made


def figures(charge: dict) -> tuple[int, int, int, int]:
    """What tells a charge from others, as far as the ledger knows it."""
    return charge["input"], charge["output"], charge["cached"], cost_of(charge)


class Row(NamedTuple):
    """An attempt, as the store has it."""

    request_id: str
    n: int
    final: int
    outcome: str
    cost_nusd: int
    input: int
    output: int
    cached: int
    estimated: int


class Account:
    """The ledger's rows of a key beside the charges of the provider, told apart by what is known of them."""

    def __init__(self, gateway: Gateway, key_id: str, book: list[dict]) -> None:
        columns = (
            "request_id, n, final, outcome, coalesce(cost_nusd, 0), input_tokens, output_tokens"
        )
        found = attempts(
            gateway,
            f"SELECT {columns}, cache_read_tokens, estimated FROM attempts "
            f"WHERE key_id = '{key_id}' ORDER BY 1, 2",
        )
        self.rows = [Row(*row) for row in found]
        self.charges = {charge["id"]: charge for charge in book}
        self.outcomes = Counter(row.outcome for row in self.rows)
        self.lost_tokens = sum(row.output for row in self.rows if row.outcome == "lost")

    def by_request(self) -> dict[str, list[Row]]:
        """The rows of each request, first to last."""
        grouped = itertools.groupby(self.rows, key=lambda row: row.request_id)
        return {request_id: list(rows) for request_id, rows in grouped}

    def unmatched(self, delivered: list[Delivered]) -> list[dict]:
        """Charges that no exact row stands for: of what was delivered by id, of the others by their figures."""
        by_id = {one.charge_id for one in delivered}
        theirs = {one.request_id for one in delivered}
        exact = Counter(
            (row.input, row.output, row.cached, row.cost_nusd)
            for row in self.rows
            if row.outcome == "ok" and not row.estimated and row.request_id not in theirs
        )
        rest = []
        for charge in self.charges.values():
            if charge["id"] in by_id:
                continue
            if exact[figures(charge)]:
                exact[figures(charge)] -= 1
            else:
                rest.append(charge)
        assert not +exact, "rows with exact figures that the provider never charged"
        return rest
