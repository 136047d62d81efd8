"""The one door to Madang: everything the studio asks of models goes through here.

Rule: a request that may cost money has a name (`Idempotency-Key`), the same whenever it is sent
again, so that an answer that was lost is not paid for twice.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from madang_studio.errors import Unavailable


class Said(Struct, frozen=True, kw_only=True):
    """An answer in words. `cost_nusd` in nano-dollars, None where the gateway knows no price."""

    text: str
    model: str
    request: str
    cost_nusd: int | None


class ChatAsk(Struct, frozen=True, kw_only=True):
    """A question. `schema`: a JSON schema that the answer has to follow, `title` its name.

    `model` may be a task of the gateway's (`task:script`). `name` is the Idempotency-Key.
    """

    name: str
    model: str
    system: str
    user: str
    schema: Mapping[str, Any] | None = None
    title: str = "answer"
    seed: int | None = None
    most_tokens: int | None = None


class Door:
    """A gateway, for one drama (`tags`: goes to the gateway's ledger with each request)."""

    def __init__(self, url: str, key: str, tags: Mapping[str, str] | None = None) -> None:
        self._url, self._key, self._tags = url, key, dict(tags or {})

    def chat(self, ask: ChatAsk) -> Said:
        """Ask a chat model. Raises Refused (will be refused again) or Unavailable (passes)."""
        raise Unavailable(f"{ask.name} at {self._url}: not built yet")

    def video(self, name: str, body: Mapping[str, Any], file: Path) -> Said:
        """Have a clip made and put into `file`."""
        raise Unavailable(f"{name} {len(body)} {file}: not built yet")
