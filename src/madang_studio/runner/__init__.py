"""Durable work on dramas: what can be made is made, whatever happens to the process in between."""

from madang_studio.runner.bench import Bench, OpenBench, benches_at
from madang_studio.runner.conductor import Conductor
from madang_studio.runner.port import Runner

__all__ = ["Bench", "Conductor", "OpenBench", "Runner", "benches_at"]
