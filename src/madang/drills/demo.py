"""The demonstration: every dialect, whole and streamed, then a failover, and the books of it all.

It asks as any customer would, over the public API; what it shows is what came back.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from madang.client import Gateway
from madang.drills.testbed import SimulatedProviders

Json = dict[str, Any]

PROVIDERS = {"sim-openai": "openai", "sim-anthropic": "anthropic", "sim-gemini": "gemini"}
"""The simulated providers, and the kind of each."""

_MAX_TOKENS = 300


class Question(NamedTuple):
    """One request to make."""

    dialect: str
    model: str
    text: str
    stream: bool = False


class Dialect(NamedTuple):
    """How one dialect asks; `whole` and `piece` find the text in an answer and in an event of a stream."""

    title: str
    path: Callable[[Question], str]
    body: Callable[[Question], Json]
    whole: Callable[[Json], str]
    piece: Callable[[Json], str]


def _chat_body(question: Question) -> Json:
    messages = [{"role": "user", "content": question.text}]
    return {"model": question.model, "stream": question.stream, "messages": messages}


def _gemini_path(question: Question) -> str:
    method = "streamGenerateContent?alt=sse" if question.stream else "generateContent"
    return f"/v1beta/models/{question.model}:{method}"


def _gemini_body(question: Question) -> Json:
    return {"contents": [{"role": "user", "parts": [{"text": question.text}]}]}


def _gemini_text(answer: Json) -> str:
    contents = [one.get("content", {}) for one in answer.get("candidates", ())]
    return "".join(part.get("text", "") for one in contents for part in one.get("parts", ()))


DIALECTS = {
    "chat": Dialect(
        "OpenAI Chat Completions",
        lambda _: "/v1/chat/completions",
        _chat_body,
        lambda answer: str(answer["choices"][0]["message"]["content"]),
        lambda event: "".join(one["delta"].get("content") or "" for one in event["choices"]),
    ),
    "messages": Dialect(
        "Anthropic Messages",
        lambda _: "/v1/messages",
        lambda question: {**_chat_body(question), "max_tokens": _MAX_TOKENS},
        lambda answer: "".join(block.get("text", "") for block in answer["content"]),
        lambda event: str(event.get("delta", {}).get("text", "")),
    ),
    "gemini": Dialect(
        "Gemini generateContent", _gemini_path, _gemini_body, _gemini_text, _gemini_text
    ),
}

QUESTIONS = (
    Question("chat", "gpt-4.1", "What is 17 * 23?"),
    Question("messages", "claude-sonnet-4", "Say: one key opens every door."),
    Question("gemini", "gemini-2.5-flash", "Count from 1 to 5."),
    # streamed, and every dialect asks for a model that speaks another
    Question("chat", "claude-sonnet-4", "Tell me a story of 40 words.", stream=True),
    Question("messages", "gemini-2.5-flash", "Count from 1 to 12.", stream=True),
    Question("gemini", "gpt-4.1", "마당이 무엇인가요?", stream=True),
)
FAILOVER = Question("chat", "gpt-4.1", "Are you still there?")


class Answer(NamedTuple):
    """What came back. `pieces` counts the events that brought text (None: it came whole)."""

    question: Question
    text: str
    pieces: int | None
    headers: Mapping[str, str]

    @property
    def request_id(self) -> str:
        """What the ledger calls this request."""
        return self.headers["x-request-id"]


class Books(NamedTuple):
    """The ledger's rows (one per attempt), and the month as `/v1/usage/current-month` tells it."""

    rows: list[Json]
    month: Json

    @property
    def sum_nusd(self) -> int | None:
        """What the rows add up to; None where the price of one is unknown."""
        costs = [row["cost_nusd"] for row in self.rows]
        return None if None in costs else sum(costs)

    @property
    def tokens(self) -> int:
        """The tokens of all rows."""
        return sum(row["input_tokens"] + row["output_tokens"] for row in self.rows)

    @property
    def agree(self) -> bool:
        """Whether rows and month tell the same cost and the same tokens."""
        told = (self.month["total_cost_nusd"], self.month["total_tokens"])
        return told == (self.sum_nusd, self.tokens)


def configuration(urls: Mapping[str, str]) -> Json:
    """A gateway's configuration for the simulated providers at these addresses."""
    return {
        "providers": {
            name: {"kind": kind, "base_url": f"{urls[name]}/v1", "api_key": "demo"}
            for name, kind in PROVIDERS.items()
        },
        "models": {
            "gpt-4.1": {"targets": ["sim-openai/gpt-4.1"], "fallback": ["claude-sonnet-4"]},
            "claude-sonnet-4": {"targets": ["sim-anthropic/claude-sonnet-4"]},
            "gemini-2.5-flash": {"targets": ["sim-gemini/gemini-2.5-flash"]},
        },
    }


def ask_all(gateway: Gateway) -> Iterator[Answer]:
    """Every dialect, whole and streamed."""
    for question in QUESTIONS:
        yield ask(gateway, question)


def fail_over(gateway: Gateway, simulated: SimulatedProviders) -> Answer:
    """Ask for a model whose provider is down."""
    simulated.behave("sim-openai", fault="status:503")
    return ask(gateway, FAILOVER)


def ask(gateway: Gateway, question: Question) -> Answer:
    """Make one request. Raises GatewayError."""
    dialect = DIALECTS[question.dialect]
    path, body = dialect.path(question), dialect.body(question)
    if not question.stream:
        reply = gateway.call("POST", path, body)
        return Answer(question, dialect.whole(reply.json()), None, reply.headers)
    with gateway.stream(path, body) as stream:
        events = [event.data for event in stream.events() if event.data != b"[DONE]"]
    pieces = [text for event in events if (text := dialect.piece(json.loads(event)))]
    return Answer(question, "".join(pieces), len(pieces), stream.headers)


def balance(gateway: Gateway, answers: list[Answer]) -> Books:
    """The rows that these requests caused, and the month."""
    stories = [gateway.get(f"/v1/requests/{answer.request_id}") for answer in answers]
    rows = [row for story in stories for row in story["attempts"]]
    return Books(rows, gateway.get("/v1/usage/current-month"))
