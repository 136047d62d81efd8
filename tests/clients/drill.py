"""Programs of other people hold conversations with tools through Madang: run by `make clients`.

Slow, and it installs the clients (npm and pip, into a folder that git ignores), so it is no part of
the suite. Every client asks a model of every kind of provider, its own kind too. The judges: a code
that only the tool knows stands in the last words, and the provider saw the result of the call.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from agents import AGENTS, REMAINDERS, Agent, Asked

from madang.client import Gateway
from madang.drills.testbed import RunningGateway, SimulatedProviders, start_gateway

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".build" / "clients"
NODE = (
    *("node@24.21.0", "ai@7.0.173", "zod@4.6.7", "@ai-sdk/openai@4.0.118"),
    *("@ai-sdk/anthropic@4.0.105", "@ai-sdk/google@4.0.121", "@ai-sdk/openai-compatible@3.0.92"),
    *("@anthropic-ai/claude-code@2.1.329", "@openai/codex@0.169.0"),
    *("@google/gemini-cli@0.61.0", "opencode-ai@1.18.33"),
)
PYTHON = (
    *("langgraph==1.2.22", "langchain==1.4.7", "langchain-openai==1.7.3"),
    *("langchain-anthropic==1.7.7", "langchain-google-genai==4.4.2"),
)
KINDS = {"chat": "openai", "responses": "openai", "messages": "anthropic", "gemini": "gemini"}
MODELS = {
    "gpt-4.1": "chat",
    "gpt-4.1-mini": "responses",
    "claude-sonnet-4-5": "messages",
    "gemini-2.5-flash": "gemini",
}
"""The models, and the only format that the provider of each speaks."""

PATIENCE_S = 120


class Outcome(NamedTuple):
    """How one case went; `fault` None: as it should."""

    client: str
    dialect: str
    model: str
    case: str
    fault: str | None

    def __str__(self) -> str:
        place = f"{self.client:12} {self.dialect:24} {self.model:18} {self.case:16}"
        return f"{place} {self.fault or 'works'}"


def main() -> int:
    """Install, ask, tell. 1 where anything differs from what is known not to work."""
    if shutil.which("npm") is None:
        sys.stdout.write("skipped: the clients need Node with npm on PATH\n")
        return 0
    install()
    chosen = sys.argv[1:]
    failed = 0
    with (
        SimulatedProviders(list(KINDS)) as simulated,
        start_gateway(configuration(simulated)) as running,
    ):
        for told in outcomes(simulated, running, chosen):
            outcome = told
            known = REMAINDERS.get((outcome.client, MODELS[outcome.model], outcome.case))
            failed += (outcome.fault is None) is not (known is None)
            if known is not None and outcome.fault is not None:
                outcome = outcome._replace(fault=f"does not: {known}")
            sys.stdout.write(f"{outcome}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{failed} not as known\n")
    return int(failed > 0)


def install() -> None:
    """Put the clients where git does not look, unless these very ones are there."""
    wanted = json.dumps([NODE, PYTHON])
    mark = CACHE / "installed.json"
    if mark.is_file() and mark.read_text() == wanted:
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "package.json").write_text('{"private": true, "type": "module"}')
    npm = ("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--save-exact")
    subprocess.run([*npm, *NODE], cwd=CACHE, check=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(CACHE / "python")], check=True)
    pip = (str(CACHE / "python" / "bin" / "pip"), "install", "--quiet")
    subprocess.run([*pip, *PYTHON], check=True)
    mark.write_text(wanted)


def configuration(simulated: SimulatedProviders) -> dict[str, Any]:
    """Every model at a provider that speaks one format only."""
    providers = {
        name: {
            "kind": kind,
            "base_url": f"{simulated.urls[name]}/v1",
            "api_key": "x",
            "apis": [name],
            "limits": "off",
            "concurrency": "off",
        }
        for name, kind in KINDS.items()
    }
    models = {model: {"targets": [f"{name}/{model}"]} for model, name in MODELS.items()}
    return {"providers": providers, "models": models}


def outcomes(
    simulated: SimulatedProviders, running: RunningGateway, chosen: list[str]
) -> Iterator[Outcome]:
    """All cases of the clients whose names were given; without names of all clients."""
    shutil.copy(HERE / "vercel.mjs", CACHE)  # beside the packages that it imports
    libraries = {
        "Vercel AI SDK": ["node", str(CACHE / "vercel.mjs")],
        "LangGraph": [str(CACHE / "python" / "bin" / "python"), str(HERE / "langgraph_agent.py")],
    }
    for name, command in libraries.items():
        if not chosen or name in chosen:
            yield from told_by_library(name, command, running)
    for agent in AGENTS:
        if not chosen or agent.name in chosen:
            for model in MODELS:
                yield from told_by_agent(agent, model, simulated, running)


def told_by_library(name: str, command: list[str], running: RunningGateway) -> Iterator[Outcome]:
    """The cases that a script goes through by itself."""
    code = secrets.token_hex(8)
    told = {"URL": running.url, "KEY": running.admin_key, "CODE": code, "MODELS": ",".join(MODELS)}
    environment = {f"MADANG_{key}": value for key, value in told.items()}
    done = run(command, environment, running.home)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        lines.append({"error": done.stderr[-800:]})
    for line in lines:
        place = [line.get(key, default) for key, default in UNKNOWN.items()]
        yield Outcome(name, *place, fault=fault_of(line, code))


UNKNOWN = {"dialect": "", "model": "gpt-4.1", "case": "script"}


def fault_of(line: dict[str, Any], code: str) -> str | None:
    """What is wrong with a case of a script. Its objects were judged by the script's own schema."""
    if "error" in line:
        return str(line["error"])
    if line["case"].startswith("object"):
        return None if '"age":30' in line["text"] else line["text"]
    calls = 2 if line["case"] == "again" else 1
    right = code in line["text"] and line["calls"] >= calls
    return None if right else f"{line['calls']} calls, then: {line['text']}"


def told_by_agent(
    agent: Agent, model: str, simulated: SimulatedProviders, running: RunningGateway
) -> Iterator[Outcome]:
    """A question that takes the shell, and a second one in the same session, each about a file of its own."""
    with tempfile.TemporaryDirectory(prefix="agent-") as folder:
        home, project = Path(folder, "home"), Path(folder, "project")
        home.mkdir()
        project.mkdir()
        witness = Gateway(simulated.urls[MODELS[model]])
        for case in ("streamed", "again"):
            code = secrets.token_hex(8)
            (project / f"{case}.txt").write_text(f"the code is {code}\n")
            text = f"Run the {agent.tool} tool with the command `cat {case}.txt`."
            asked = Asked(running.url, running.admin_key, model, home, text, again=case == "again")
            witness.call("DELETE", "/__sim/requests")
            environment = {"HOME": str(home), **agent.settings(asked)}
            done = run(agent.command(asked), environment, project)
            fault = None if code in done.stdout else f"{done.stdout}{done.stderr}"[-800:]
            fault = fault or unseen(witness.get("/__sim/requests"), code)
            yield Outcome(agent.name, agent.dialect, model, case, fault)


def unseen(requests: list[dict[str, Any]], code: str) -> str | None:
    """What the provider ought to have seen: streams that it granted, and the result of the call in one of them."""
    refused = [seen["status"] for seen in requests if seen["status"] != 200]
    if refused:
        return f"the provider answered {refused}"
    whole = [
        s["path"] for s in requests if not s["body"].get("stream") and "stream" not in s["path"]
    ]
    if whole:
        return f"not streamed: {whole}"
    return None if code in json.dumps(requests[1:]) else "the provider never saw the result"


def run(
    command: list[str], environment: dict[str, str], folder: Path
) -> "subprocess.CompletedProcess[str]":
    """Run a client with nothing of ours in its environment but what it needs."""
    path = os.pathsep.join((str(CACHE / "node_modules" / ".bin"), os.environ["PATH"]))
    kept = {"HOME": str(folder), "PATH": path, "NO_COLOR": "1"}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={**kept, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no end after {PATIENCE_S} s")


if __name__ == "__main__":
    raise SystemExit(main())
