"""The recorded provider traffic beside this clone, and the judge and the replay that come with it."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TRAFFIC = Path(__file__).resolve().parents[3] / "shared" / "traffic"
APIS = {
    "chat": "openai_chat",
    "responses": "openai_responses",
    "messages": "anthropic_messages",
    "gemini": "gemini_generate",
}
"""The dialects that generate, and what the judge calls them."""

needs_recordings = pytest.mark.skipif(
    not (TRAFFIC / "manifest.jsonl").exists(),
    reason="the recorded traffic is not beside this clone (../shared/traffic)",
)


@cache
def score() -> ModuleType:
    """The judge: independent views of requests and answers, and their comparison."""
    return _module("score")


@cache
def replay() -> ModuleType:
    """The provider that plays recordings."""
    return _module("replay")


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"traffic_{name}", TRAFFIC / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def manifest() -> tuple[dict[str, Any], ...]:
    """A row for each recording; none in a clone without them, so that tests can be named by them."""
    path = TRAFFIC / "manifest.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else ()
    return tuple(json.loads(line) for line in lines)


def recorded(**wanted: Any) -> list[str]:
    """Names of the core recordings whose rows say this."""
    wanted["tier"] = "core"
    return [row["data"] for row in manifest() if wanted.items() <= row.items()]


def recording(name: str) -> dict[str, Any]:
    """The whole content of a recording, as the judge and the replay take it; the caller's own."""
    return json.loads((TRAFFIC / "recordings" / name).read_text("utf-8"))


def body_of(norm: dict[str, Any]) -> bytes:
    """What the provider answered."""
    return (norm["response"]["body"] or "").encode("utf-8", "surrogatepass")


def musts(want: dict[str, Any], got: dict[str, Any], api: str | None = None) -> list[Any]:
    """The differences between two views of an answer that are failures."""
    return failures(score().compare_responses(want, got, api))


def failures(differences: list[Any]) -> list[Any]:
    """Those among the judge's findings that may not be."""
    return [difference for difference in differences if difference.severity == "must"]
