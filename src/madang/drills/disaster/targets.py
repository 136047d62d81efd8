"""The simulated providers of a drill: two near and one far, each of another kind, and how one is struck."""

from types import TracebackType
from typing import Any, NamedTuple, Self

from madang.drills import simulator
from madang.drills.disaster.rows import Drill
from madang.drills.simulator.book import Charge
from madang.drills.simulator.faults import Behaviour
from madang.drills.simulator.server import Running

Json = dict[str, Any]


class Place(NamedTuple):
    """A target: its provider's name, kind and region, its model and the simulator's price of that, in dollars."""

    name: str
    kind: str
    region: str
    model: str
    input: float
    output: float


PLACES = (
    Place("near-1", "openai", "kr", "gpt-4.1", 2, 8),
    Place("near-2", "anthropic", "kr", "claude-sonnet-4", 3, 15),
    Place("far", "gemini", "us", "gemini-2.5-flash", 1, 2),
)
MODEL = "drill"
"""The name that callers ask for."""

LATENCY_S = 0.01
_NOWHERE = "no-such-host.invalid"  # RFC 2606: never resolves
_TIMEOUTS = {"connect_s": 1, "first_byte_s": 1, "first_token_s": 1, "idle_s": 1, "total_s": 8}
_PACE = {"rps": 40, "burst": 80}  # what a provider without any pace refuses is not remembered
_BREAKER = {"rest_s": 0.5, "longest_rest_s": 1.0}


class Targets:
    """The providers, serving from the running loop. Leaving the block ends them."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}
        self._ended: list[tuple[str, Running]] = []

    async def __aenter__(self) -> Self:
        for place in PLACES:
            self._running[place.name] = await simulator.serve(
                behaviour=Behaviour(latency_s=LATENCY_S)
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in self._running.values():
            await one.close()

    def configuration(self, drill: Drill) -> Json:
        """A gateway's configuration for them. Time-outs and rests are a second or less, so that a drill is short."""
        return {
            "server": {"region": "kr", "near": ["us"]},
            "providers": {place.name: self._provider(place, drill) for place in PLACES},
            "models": {MODEL: {"targets": [f"{place.name}/{place.model}" for place in PLACES]}},
            "breaker": _BREAKER,
            "health": {"probe_every_s": 1},
            "prices": [
                {"provider": one.name, "model": one.model, "in": one.input, "out": one.output}
                for one in PLACES
            ],
        }

    def _provider(self, place: Place, drill: Drill) -> Json:
        at = self._running[place.name]
        lost = drill.how == "unresolvable" and place.name in drill.struck
        return {
            "kind": place.kind,
            "base_url": f"http://{_NOWHERE if lost else at.host}:{at.port}/v1",
            "api_key": "drill",
            "region": place.region,
            "timeouts": _TIMEOUTS,
            "limits": "off" if drill.surge > 1 else {place.model: _PACE},
            "concurrency": 1_000,
        }

    async def strike(self, drill: Drill) -> None:
        """Let the fault begin."""
        for name in drill.struck:
            one = self._running[name]
            if drill.how == "refuse connections":
                await one.close()
            elif drill.fault is not None:
                one.conduct.replace([drill.fault])

    async def heal(self, drill: Drill) -> None:
        """Let the fault end."""
        for name in drill.struck:
            one = self._running[name]
            if drill.how == "refuse connections":
                self._ended.append((name, one))
                well = Behaviour(latency_s=LATENCY_S)
                self._running[name] = await simulator.serve(one.host, one.port, well)
            else:
                one.conduct.replace([Behaviour(latency_s=LATENCY_S)])

    def charges(self) -> list[tuple[str, Charge]]:
        """What all of them have charged, each with its provider's name."""
        books = [*self._ended, *self._running.items()]
        return [(name, charge) for name, one in books for charge in one.book.charges]
