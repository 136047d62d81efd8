"""`madang explain`: the story of one request."""

import click

from madang.cli.options.office import Office, Row, at_office
from madang.cli.shown.decision import told
from madang.cli.shown.printing import count, dollars, json_option, print_json
from madang.model import PASSED_OVER
from madang.model.trace import Trace
from madang.pipeline.trial.cutover import CUTOVER

_DIALECTS = {
    "chat": "OpenAI Chat Completions",
    "responses": "OpenAI Responses",
    "messages": "Anthropic Messages",
    "gemini": "Gemini",
}
_OUTCOMES = {
    "ok": "answered",
    "failed": "failed",
    "cut": "broke off in the middle of its answer",
    "client_closed": "ended because the caller left",
    "lost": "was under way when this gateway's process died",
}
_SIDES = {"canary": "new", "stable": "stable"}
_ARMS = {
    "canary": "the new side",
    "stable": "the stable side",
    "shadow": "a copy of a request, whose answer nobody waited for",
}
_GIVEN_AGAIN = {
    None: "answered from the cache",
    "hit": "answered from the cache",
    "shared": "given the answer to the same request, which was under way,",
    "replayed": "given the answer to the earlier request with the same Idempotency-Key",
}


@click.command("explain")
@click.argument("request_id")
@json_option
@at_office
def command(office: Office, request_id: str, as_json: bool) -> None:
    """Explain one request: what was tried, why, and what it cost.

    REQUEST_ID is the x-request-id header of its answer. With --url, a request of the key given.

    Example: madang explain req_3f9a1c0199d2a1b2c31
    """
    story = office.request(request_id)
    if as_json:
        print_json(story)
        return
    for line in tell(story):
        click.echo(line)


def tell(story: Row) -> list[str]:
    """The story of a request (as `/v1/requests/{id}` gives it), in lines."""
    attempts = story["attempts"]
    how = "streamed" if story["streamed"] else "whole"
    lines = [
        f"Request {story['id']} at {story['at']}, key {story['key_id']}",
        f"Asked for {story['asked_model']} in the format of {_DIALECTS[story['dialect']]}, {how}.",
    ]
    if story["tags"]:
        lines.append(f"Tags: {', '.join(f'{k}={v}' for k, v in story['tags'].items())}.")
    if parent := attempts[0].get("traceparent"):
        lines.append(f"Part of its caller's trace {Trace(parent).trace_id}.")
    lines += told(attempts[0].get("plan"))
    lines += _side(attempts[0])
    for number, attempt in enumerate(attempts, 1):
        lines += ["", *_attempt(number, attempt)]
    lines += ["", *_result(story)]
    return lines


def _side(first: Row) -> list[str]:
    """Which side of a trial or a cut-over a request was on, and why."""
    trial, arm = first.get("canary"), first.get("arm")
    if not trial or arm == "shadow":
        return []
    why = (first.get("plan") or {}).get("side")
    of = "the cut-over" if trial.startswith(CUTOVER) else "the trial"
    reason = f": {why}" if why else ""
    return [f"In {of} {trial} it was on the {_SIDES.get(str(arm), arm)} side{reason}."]


def _attempt(number: int, attempt: Row) -> list[str]:
    place = f", region {attempt['region']}" if attempt["region"] else ""
    lines = [
        f"{number}. {attempt['provider']}, model {attempt['model']}{place}, spoken to as {_DIALECTS[attempt['api']]}",
        f"   {_outcome(attempt)}",
    ]
    if attempt.get("arm"):
        lines.append(f"   {_ARMS[attempt['arm']]}")
    if attempt.get("injected"):
        lines.append(f"   this was no real failure: the drill {attempt['injected']} struck it")
    if attempt["detail"]:
        said = "said: " if attempt["cause"] else ""
        lines.append(f"   {said}{attempt['detail']}")
    if attempt["input_tokens"] or attempt["output_tokens"]:
        lines.append(f"   {_tokens(attempt)}")
    if attempt["outcome"] != "failed":
        lines.append(f"   {_cost(attempt)}")
    return lines


def _outcome(attempt: Row) -> str:
    status = f"status {attempt['status']}" if attempt["status"] else "no answer"
    cause = f" ({attempt['cause'].replace('_', ' ')})" if attempt["cause"] else ""
    if attempt["outcome"] == "failed" and not attempt["status"] and attempt["cause"] in PASSED_OVER:
        return f"was not asked{cause}"
    took = f"{attempt['latency_us'] / 1000:,.1f} ms"
    if attempt["outcome"] == "hit":
        return f"{_GIVEN_AGAIN[attempt['cache']]} after {took}; nobody was asked"
    first = attempt["first_token_us"]
    began = f", began after {first / 1000:,.1f} ms" if first is not None else ""
    stop = f", stopped by {attempt['stop']}" if attempt["stop"] else ""
    what = _OUTCOMES[attempt["outcome"]]
    if attempt["cause"] == "hedge_lost":
        what, cause = "cancelled, as another target had answered first", ""
    return f"{what}{cause}: {status} after {took}{began}{stop}"


def _tokens(attempt: Row) -> str:
    parts = {
        "read from the cache": attempt["cache_read_tokens"],
        "written to the cache": attempt["cache_write_tokens"],
        "for reasoning": attempt["reasoning_tokens"],
    }
    special = [f"{count(tokens)} {what}" for what, tokens in parts.items() if tokens]
    beside = "".join(f", {count(number)} {unit}" for unit, number in attempt["units"].items())
    of_these = f" (of these {', '.join(special)})" if special else ""
    estimated = ", estimated: the provider did not report them" if attempt["estimated"] else ""
    tokens = f"{count(attempt['input_tokens'])} tokens in, {count(attempt['output_tokens'])} out"
    return f"{tokens}{of_these}{beside}{estimated}"


def _cost(attempt: Row) -> str:
    if attempt["cost_nusd"] is None:
        return "cost unknown: no price is known there for this model, or for all that it used"
    if attempt["outcome"] == "hit":
        return f"cost nothing; the answer had cost {dollars(attempt['saved_nusd'], 9)}"
    return f"cost {dollars(attempt['cost_nusd'], 9)} by the price {attempt['price']}"


def _result(story: Row) -> list[str]:
    tries = len(story["attempts"])
    took = f"{story['latency_us'] / 1000:,.1f} ms"
    own = f"{story['overhead_us'] / 1000:,.2f} ms"
    sums = f"In all {tries} attempt{'s' if tries > 1 else ''}, {took}, {dollars(story['cost_nusd'], 9)}"
    lines = [f"{sums}; Madang's own share of the time was {own}."]
    if story["losses"]:
        lines.append(
            f"What the target could not express and was left out: {', '.join(story['losses'])}."
        )
    return lines
