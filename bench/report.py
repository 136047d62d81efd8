"""The results as a table for people and as JSON for machines."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_ROWS = (
    ("version", "version", "{}"),
    ("whole_rps", "OpenAI → OpenAI, 64 connections: requests/s", "{:,.0f}"),
    ("whole_p50_ms", "… p50 (ms)", "{:.2f}"),
    ("whole_p99_ms", "… p99 (ms)", "{:.2f}"),
    ("whole_cpu_us", "… CPU per request (µs)", "{:.1f}"),
    ("whole_errors", "… errors", "{}"),
    ("added_ms", "added latency, 1 connection: p50 (ms)", "{:.3f}"),
    (
        "routed_rps",
        "the same by latency, with fallback, breakers and canary: requests/s",
        "{:,.0f}",
    ),
    ("routed_cpu_us", "… CPU per request (µs)", "{:.1f}"),
    ("routed_errors", "… errors", "{}"),
    ("translated_rps", "Anthropic → OpenAI, 64 connections: requests/s", "{:,.0f}"),
    ("translated_cpu_us", "… CPU per request (µs)", "{:.1f}"),
    ("translated_errors", "… errors", "{}"),
    ("put_off_cpu_s", "CPU put off until after these bursts (s)", "{:.1f}"),
    ("stream_cpu_us", "streams: CPU per relayed event (µs)", "{:.1f}"),
    ("translated_stream_cpu_us", "Anthropic → OpenAI streams: CPU per event (µs)", "{:.1f}"),
    ("crowd", "concurrent streams: whole of asked", "{}"),
    ("crowd_silence_s", "… longest silence (s)", "{:.2f}"),
    ("crowd_memory_mb", "… memory (MB)", "{:.0f}"),
    ("idle_memory_mb", "memory after start (MB)", "{:.0f}"),
    ("start_s", "start to first answer (s)", "{:.2f}"),
    ("distributions", "installed distributions", "{}"),
    ("size_mb", "installed size (MB)", "{:.0f}"),
)


def machine() -> dict[str, Any]:
    """What the run was made on."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def write(folder: Path, results: dict[str, dict[str, Any]], notes: list[str]) -> Path:
    """Write `latest.json` and `latest.md`, and a dated copy of each; return the Markdown's path."""
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC)
    data = {"at": at.isoformat(timespec="seconds"), "machine": machine(), "results": results}
    data["ratios"] = ratios(results)
    data["notes"] = notes
    text = table(data)
    for name in ("latest", at.strftime("%Y-%m-%dT%H%M")):
        (folder / f"{name}.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
        (folder / f"{name}.md").write_text(text)
    return folder / "latest.md"


def ratios(results: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Madang against each peer, in the figures that were set as goals."""
    found: dict[str, float] = {}
    ours = results.get("madang", {})
    for peer, theirs in results.items():
        if peer == "madang":
            continue
        for field in ("whole_rps", "translated_rps", "stream_cpu_us", "translated_stream_cpu_us"):
            if ours.get(field) and theirs.get(field):
                found[f"{field}: madang / {peer}"] = round(ours[field] / theirs[field], 2)
    if ours.get("routed_cpu_us"):
        found["CPU per request with all of routing on / plain"] = round(
            ours["routed_cpu_us"] / ours["whole_cpu_us"], 3
        )
    if ours.get("many_rps") and ours.get("few_rps"):
        found["throughput with many keys, models and rows / with few"] = round(
            ours["many_rps"] / ours["few_rps"], 3
        )
    return found


def table(data: dict[str, Any]) -> str:
    """The Markdown."""
    results = data["results"]
    names = list(results)
    where = data["machine"]
    lines = [
        f"# Madang beside its peers, {data['at']}",
        "",
        f"{where['cores']} cores of {where['cpu']}, Python {where['python']}, Linux {where['kernel']}.",
        "Gateway pinned to one core, load and upstream to the other; all peers in one run,",
        "interleaved. Re-run: `make bench`.",
        "",
        "| | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for field, title, shape in _ROWS:
        cells = [_cell(results[name].get(field), shape) for name in names]
        if any(cell != "–" for cell in cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    lines += ["", "## Ratios", ""]
    lines += [f"- {name}: {value}" for name, value in data["ratios"].items()]
    if data["notes"]:
        lines += ["", "## Notes", ""] + [f"- {note}" for note in data["notes"]]
    return "\n".join(lines) + "\n"


def _cell(value: Any, shape: str) -> str:
    return "–" if value is None else shape.format(value)
