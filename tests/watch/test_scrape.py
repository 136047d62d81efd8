"""Scrapes by many at once: anybody may ask for the metrics, and must not keep others waiting by it."""

import asyncio

from watch_rows import attempt

from madang.keys import Keyring
from madang.ledger.journal import Journal
from madang.routing.board import Board
from madang.server.process.watching import Watching
from madang.state.store import Store
from madang.state.table import Table


def test_those_who_ask_at_once_share_one_text_and_who_comes_later_gets_a_new_one(tmp_path):
    store = Store(tmp_path)
    journal = Journal(tmp_path / "journal", "w0", segment_bytes=1 << 20)
    watching = Watching(tmp_path, Table(), Board(), journal, Keyring(store))

    async def scrapes():
        watching.tray.lay([attempt()])
        first, *others = await asyncio.gather(*(watching.scrape() for _ in range(20)))
        watching.tray.lay([attempt(), attempt()])
        return first, others, await watching.scrape()

    first, others, later = asyncio.run(scrapes())
    journal.close()
    store.close()
    assert all(one is first for one in others)
    assert b'madang_attempts_total{model="m",outcome="ok",provider="p"} 1.0' in first
    assert b'madang_attempts_total{model="m",outcome="ok",provider="p"} 3.0' in later
