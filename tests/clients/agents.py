"""Agents for the command line: what to set so that they ask Madang, and how to ask them twice in one session."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Asked(NamedTuple):
    """One question to an agent: where Madang is, whom to ask, what. `home` is the agent's own."""

    url: str
    key: str
    model: str
    home: Path
    text: str
    again: bool


class Agent(NamedTuple):
    """A program. `tool` is its shell's name. `settings` writes what it needs into its home, and
    returns its environment; `command` is how to ask, or to ask again in the same session.
    """

    name: str
    dialect: str
    tool: str
    settings: Callable[[Asked], dict[str, str]]
    command: Callable[[Asked], list[str]]


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _claude_settings(asked: Asked) -> dict[str, str]:
    """Without the second and third, its helpers ask for Claude models by their own names."""
    return {
        "ANTHROPIC_BASE_URL": asked.url,
        "ANTHROPIC_AUTH_TOKEN": asked.key,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": asked.model,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": asked.model,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }


def _claude(asked: Asked) -> list[str]:
    command = ["claude", "-p", asked.text, "--model", asked.model, "--allowedTools", "Bash"]
    return [*command, "--continue"] if asked.again else command


def _codex_settings(asked: Asked) -> dict[str, str]:
    _write(
        asked.home / ".codex" / "config.toml",
        'model_provider = "madang"\n'
        "[model_providers.madang]\n"
        'name = "Madang"\n'
        f'base_url = "{asked.url}/v1"\n'
        'env_key = "MADANG_KEY"\n'
        'wire_api = "responses"\n',
    )
    return {"MADANG_KEY": asked.key}


def _codex(asked: Asked) -> list[str]:
    return [
        *("codex", "exec", *(["resume", "--last"] if asked.again else [])),
        *("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"),
        *("--json", "-m", asked.model, asked.text),
    ]


def _gemini_settings(asked: Asked) -> dict[str, str]:
    """With a base URL alone it chooses a way to sign in that it then refuses; so it is told which."""
    _write(
        asked.home / ".gemini" / "settings.json",
        json.dumps(
            {
                "security": {"auth": {"selectedType": "gemini-api-key"}},
                "privacy": {"usageStatisticsEnabled": False},
            }
        ),
    )
    return {
        "GOOGLE_GEMINI_BASE_URL": asked.url,
        "GEMINI_API_KEY": asked.key,
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
    }


def _gemini(asked: Asked) -> list[str]:
    command = ["gemini", "-m", asked.model, "--yolo", "-p", asked.text]
    return [*command, "--resume", "latest"] if asked.again else command


def _opencode_settings(asked: Asked) -> dict[str, str]:
    file = asked.home / "opencode.json"
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Madang",
        "options": {"baseURL": f"{asked.url}/v1", "apiKey": asked.key},
        "models": {asked.model: {"tool_call": True}},
    }
    _write(file, json.dumps({"provider": {"madang": provider}, "autoupdate": False}))
    return {"OPENCODE_CONFIG": str(file)}


def _opencode(asked: Asked) -> list[str]:
    command = ["opencode", "run", "-m", f"madang/{asked.model}", "--format", "json", asked.text]
    return [*command, "--continue"] if asked.again else command


AGENTS = (
    Agent("Claude Code", "messages", "Bash", _claude_settings, _claude),
    Agent("Codex", "responses", "exec_command", _codex_settings, _codex),
    Agent("Gemini CLI", "gemini", "run_shell_command", _gemini_settings, _gemini),
    Agent("opencode", "chat", "bash", _opencode_settings, _opencode),
)

REMAINDERS = {
    ("Gemini CLI", "gemini", "again"): (
        "it repeats the results of earlier calls when it resumes; Gemini itself takes as many as calls"
    )
}
"""(client, kind of model, case): why it does not work, where that is not for Madang to mend."""
