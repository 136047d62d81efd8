"""The dashboard and the page on monitoring name the metrics that a gateway has, and no other."""

import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from watch_rows import attempt

from madang.config.sections.expression import MEASURES
from madang.config.settings import Settings
from madang.keys import Keyring
from madang.keys.record import NewKey
from madang.ledger.journal import Journal
from madang.model import Target
from madang.routing.board import Board
from madang.server.process.watching import Watching
from madang.state.store import Store
from madang.state.table import Table
from madang.watch.shadows import ShadowMetrics

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "madang.json").read_text())
PAGE = (ROOT / "docs" / "monitoring.md").read_text()
WAY = SimpleNamespace(shadow=SimpleNamespace(to="p/m", percent=10))
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


@pytest.fixture(scope="module")
def families(tmp_path_factory):
    """Every family of a scrape of all that a process has, by name, read by Prometheus's own parser."""
    home = tmp_path_factory.mktemp("home")
    store, board = Store(home), Board()
    keyring = Keyring(store)
    keyring.create(NewKey(name="k", expires_at=3_000_000_000), now_s=0)
    journal = Journal(home / "journal", "w0", segment_bytes=1 << 20)
    watching = Watching(home, Table(), board, journal, keyring)
    watching.begin(store, lambda day, zone: None, Settings())
    board.standing(Target("p", "m", "chat"))
    watching.metrics.add(ShadowMetrics(SimpleNamespace(ways={"m": WAY}, counts=Counter())))
    watching.tray.lay([attempt(input_tokens=1)])
    watching.tray.hand_on()
    text = watching.metrics.render().decode()
    journal.close()
    store.close()
    return {family.name: family for family in text_string_to_metric_families(text)}


def samples(families):
    """The names that a query can ask for."""
    ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
    return {name + end for name, family in families.items() for end in ends[family.type]}


def test_every_metric_of_the_dashboard_exists(families):
    asked = {name for text in EXPRESSIONS for name in re.findall(r"madang_\w+", text)}
    assert asked <= samples(families)


def test_every_metric_that_exists_is_on_the_dashboard(families):
    asked = " ".join(EXPRESSIONS)
    assert not [name for name in families if name not in asked]


def test_labels_that_the_dashboard_asks_for_exist(families):
    known = {
        label for one in families.values() for sample in one.samples for label in sample.labels
    }
    unseen = {
        "budget",
        "threshold",
        "channel",
        "result",
        "key",
    }  # nothing has happened that they tell of
    for text in EXPRESSIONS:
        grouped = re.findall(r"by \(([^)]+)\)", text)
        asked = {label.strip() for one in grouped for label in one.split(",")}
        asked |= set(re.findall(r"(\w+)=~?\"", text))
        assert asked <= known | unseen


def test_panels_have_ids_and_places_of_their_own():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels}) == len(panels)


def test_the_page_explains_every_metric_and_measure(families):
    told = set(re.findall(r"`(madang_\w+)`", PAGE))
    assert {name.removesuffix("_total") for name in told} == set(families)
    assert not [name for name in MEASURES if f"`{name}`" not in PAGE]
