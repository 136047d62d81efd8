"""How this room asks a model: it is handed a callable, and knows neither addresses nor keys."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Message = Mapping[str, str]
"""One message of a chat: `role` (system, user or assistant) and `content`."""


class Answer(Protocol):
    """What came back: the text, and what it cost in nano-dollars under which request of the gateway."""

    @property
    def text(self) -> str:
        """What the model wrote, whole."""

    @property
    def cost_nusd(self) -> int:
        """What the gateway charged."""

    @property
    def request(self) -> str:
        """The gateway's id of the request."""


class Ask(Protocol):
    """Asks a model once. Raises Refused, Unavailable or OverBudget."""

    def __call__(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any],
        task: str,
        model: str | None,
        name: str,
    ) -> Answer:
        """Ask for an answer that fits `schema` (JSON schema, strict).

        `task` goes as x-madang-task; `model`, where one is named, is asked instead. `name` is the
        Idempotency-Key: the same name asks the same.
        """
