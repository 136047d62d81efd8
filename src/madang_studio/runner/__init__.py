"""Durable work on dramas: what can be made is made, whatever happens to the process in between."""

from madang_studio.runner.bench import Bench, OpenBench, benches_at
from madang_studio.runner.conductor import Conductor
from madang_studio.runner.needs import Needs, handed_bytes, needs_of, needs_of_brief
from madang_studio.runner.port import Runner
from madang_studio.runner.preflight import Preflight

__all__ = [
    "Bench",
    "Conductor",
    "Needs",
    "OpenBench",
    "Preflight",
    "Runner",
    "benches_at",
    "handed_bytes",
    "needs_of",
    "needs_of_brief",
]
