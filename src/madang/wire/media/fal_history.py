"""fal's list of the requests that it has taken: where an order is found whose answer was lost.

`GET /models/requests/by-endpoint` of its administration (https://api.fal.ai/v1, the same key):
https://fal.ai/docs/platform-apis/v1/models/requests/by-endpoint, read in November 2026. It has no
name of ours, so an order is known by what was sent and when. It is not said that what waits in the
queue is listed, nor whether `start` is meant of the sending or of the end: so nothing follows from
an order's absence before it must have been begun (`VideoAsk.start_s`) and made.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from madang.errors import ProviderBroken, ProviderError
from madang.model.media import Handle
from madang.wire.media import answers
from madang.wire.media.contract import Incoming, Lost, Outgoing, Sought
from madang.wire.media.fitting import segment

SHOWS_S: Final = 900.0
"""What has been begun is made and listed by then: the models that are known here take minutes."""

CALLS_S: Final = 7_200.0
"""A webhook that nobody takes is sent ten times more within two hours:
https://docs.fal.ai/documentation/model-apis/inference/webhooks."""

_PAGE: Final = 100
_SKEW_S: Final = 10.0
"""How far fal's clock may be behind ours. What else was sent so shortly before, just the same, would pass for it."""


def find(lost: Lost, cursor: str | None) -> Outgoing:
    """Ask for what was sent to the model since shortly before the order."""
    since = datetime.fromtimestamp(lost.sent_s - _SKEW_S, UTC)
    query = {
        "endpoint_id": lost.model,
        "start": since.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "expand": "payloads",
        "limit": str(_PAGE),
        **({"cursor": cursor} if cursor else {}),
    }
    return Outgoing(
        method="GET", path=f"/models/requests/by-endpoint?{urlencode(query)}", aside=True
    )


def found(answer: Incoming, lost: Lost) -> Sought:
    """The requests of a page that were sent since and have all of the order's input.

    First those that have nothing else, and have not failed; fal may show more than was sent.
    """
    body = answers.document(answer, _refused)
    if not isinstance(body.get("items"), list):
        raise ProviderBroken("fal's list of requests is none")
    late = [one for one in answers.entries(body, "items") if _is_since(one, lost)]
    sent = answers.said(Incoming(200, {}, lost.body))
    same = [one for one in late if _is_same(one.get("json_input"), sent)]
    same.sort(key=lambda one: (one["json_input"] != sent, _has_failed(one)))
    cursor = answers.word(body, "next_cursor") if body.get("has_more") else None
    is_cut = bool(body.get("has_more")) and cursor is None
    return Sought(
        found=tuple(regain(identity, lost) for one in same if (identity := _id(one))),
        cursor=cursor,
        is_blind=is_cut
        or not sent
        or any(not isinstance(one.get("json_input"), dict) for one in late),
    )


def regain(identity: str, lost: Lost) -> Handle:
    """The handle of a request by its id: its addresses have the model's owner and app, and no more of its path."""
    app = "/".join(lost.model.split("/")[:2])
    root = f"/{segment(app, deep=True)}/requests/{segment(identity)}"
    urls = {"status": f"{root}/status", "response": root, "cancel": f"{root}/cancel"}
    return Handle(identity, urls)


def _id(one: Mapping[str, Any]) -> str | None:
    identity = answers.word(one, "request_id")
    return identity if identity and len(identity) <= 100 and identity.isprintable() else None


def _is_since(one: Mapping[str, Any], lost: Lost) -> bool:
    """Whether it may have been sent when the order was; it may where nothing says when it was."""
    try:
        sent = datetime.fromisoformat(answers.word(one, "sent_at") or "")
    except ValueError:
        return True
    at_s = (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).timestamp()
    return at_s >= lost.sent_s - _SKEW_S


def _is_same(listed: object, sent: Mapping[str, Any]) -> bool:
    """Whether all that was sent is there; pictures that were sent as data may be listed in another form."""
    return (
        isinstance(listed, dict)
        and bool(sent)
        and all(
            listed.get(name) == value or (name.endswith("_url") and str(value).startswith("data:"))
            for name, value in sent.items()
        )
    )


def _has_failed(one: Mapping[str, Any]) -> bool:
    return (answers.number(one, "status_code") or 200) >= 300


def _refused(answer: Incoming) -> ProviderError:
    """Refusals of the administration are `{"error": {"type", "message"}}`."""
    error = answers.entry(answers.said(answer), "error")
    return answers.refusal(answer, answers.word(error, "message"), answers.word(error, "type"))
