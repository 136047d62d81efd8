"""What one configuration says of failures and of slowness, by model."""

from collections.abc import Mapping

from madang.config.sections.models import Model
from madang.config.sections.retries import Hedge, Retries


class Patience:
    """The settings `retries` and `hedge` in force. `hedges`: by the model's name."""

    def __init__(
        self,
        usual: Retries = Retries(),  # noqa: B008 - frozen
        models: Mapping[str, Model] | None = None,
    ) -> None:
        given = models or {}
        self._usual = usual
        self._retries = {name: one.retries for name, one in given.items() if one.retries}
        self.hedges: Mapping[str, Hedge] = {
            name: one.hedge for name, one in given.items() if one.hedge
        }

    def retries(self, model: str) -> Retries:
        """How a configured model's targets are asked again, or everybody else's."""
        return self._retries.get(model, self._usual)
