"""Does the cost of a request grow with the installation? Few keys, models and rows against many."""

import json
import statistics
import sys
import time
from pathlib import Path

from bench import load
from bench.peers import ADMIN_KEY, Site, madang_config
from bench.proc import GATEWAY_CORE, Running, start, wait_for
from madang.keys import Keyring, NewKey
from madang.ledger.tables.attempts import record
from madang.model import Attempt
from madang.state.store import Store
from madang.wire.json import encode

KEYS, MODELS, ROWS = 10_000, 1_000, 1_000_000
_BATCH = 20_000


def measure(site: Site, seconds: float, rounds: int = 3) -> dict[str, float]:
    """Median requests/s with few and with many."""
    few, many = site.folder / "few", site.folder / "many"
    for home, models in ((few, 0), (many, MODELS)):
        home.mkdir(mode=0o700)
        (home / "madang.yaml").write_text(madang_config(site, models))
    print(f"making {KEYS} keys, {MODELS} models, {ROWS} rows", file=sys.stderr)
    keys = {few: _fill(few, 10, 100), many: _fill(many, KEYS, ROWS)}
    found: dict[Path, list[float]] = {few: [], many: []}
    for _ in range(rounds):
        for home in (few, many):
            found[home].append(_burst(site, home, keys[home], seconds))
    return {
        "few_rps": statistics.median(found[few]),
        "many_rps": statistics.median(found[many]),
    }


def _fill(home: Path, keys: int, rows: int) -> str:
    """Make keys and rows by the program's own means; return one key's secret."""
    store = Store(home)
    ring = Keyring(store)
    now_s = time.time()
    secret = ""
    for number in range(keys):
        _, secret = ring.create(NewKey(name=f"key {number}"), now_s=now_s)
    for first in range(0, rows, _BATCH):
        batch = [encode(_row(n)) for n in range(first, min(rows, first + _BATCH))]
        with store.transaction() as transaction:
            record(transaction, batch)
    store.close()
    return secret


def _row(n: int) -> Attempt:
    return Attempt(
        id=f"req_{n}.0",
        request_id=f"req_{n}",
        n=0,
        at_us=1_760_000_000_000_000 + n * 1_000_000,
        key_id=f"key_{n % 9973}",
        dialect="chat",
        asked_model="gpt-4.1",
        model="gpt-4.1",
        provider="openai",
        api="chat",
        outcome="ok",
        input_tokens=420,
        output_tokens=112,
        cost_nusd=1_736_000,
    )


def _burst(site: Site, home: Path, secret: str, seconds: float) -> float:
    port = site.whole_port + 1000
    running: Running = start(
        "madang",
        [
            str(Path(sys.executable).parent / "madang"),
            *(
                "up",
                "--config",
                str(home / "madang.yaml"),
                "--home",
                str(home),
                "--port",
                str(port),
            ),
        ],
        site.folder / "scale.log",
        GATEWAY_CORE,
        {"MADANG_ADMIN_KEY": ADMIN_KEY},
    )
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
    body = load.chat_body("gpt-4.1")
    try:
        wait_for(url, json.dumps(body).encode(), headers, 60)
        load.whole(running, url, body, headers, 64, 1, site.folder)
        return load.whole(running, url, body, headers, 64, seconds, site.folder).rps
    finally:
        running.stop()
