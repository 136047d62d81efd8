"""The catalogue's records: a provider, a model. The record of a price is `model.PriceRow`.

One rule: a row is a fact with a source.
"""

from datetime import date
from typing import Literal

from msgspec import Struct, field

from madang.model import Dialect, Feature, ProviderKind

Auth = Literal["bearer", "key", "x-api-key", "x-goog-api-key", "api-key", "xi-api-key"]
"""How a provider wants its key: `Authorization: Bearer`, `Authorization: Key`, or the header of that name."""

Makes = Literal["text", "videos", "speech", "images", "transcriptions"]
"""What a model makes; `text` stands for all that the dialects carry, vectors included."""

Native = Literal["chat", "messages", "gemini", "embeddings", "gemini_batch_embed"]
"""What a model speaks at home: of OpenAI's two generation formats `chat`, of Gemini's two for embeddings the batch."""


class CatalogError(ValueError):
    """A data file of the catalogue is wrong; the message names file, row and mistake."""


class ProviderRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place that serves models.

    `base_url` is what `Wire.request_path` and `models_path` are appended to, None where every
    customer has their own. `env` are the environment variables that hold its key, the first one
    found counts. `keyless`: works without a key. `apis` are the wire formats it serves, the
    preferred one first; none where it makes media only. `max_tokens_field` is the name of the
    answer's bound on its Chat Completions endpoint. `aliases` are other prefixes that people write
    before a model's name.
    `models_path` is a free call that shows whether the key works. `cannot` is what it refuses or
    ignores with every model. `source` is the page that says all this.
    """

    name: str
    title: str
    source: str
    kind: ProviderKind = "openai"
    base_url: str | None = None
    env: tuple[str, ...] = ()
    apis: tuple[Dialect, ...] = ("chat",)
    auth: Auth = "bearer"
    headers: dict[str, str] = field(default_factory=dict)
    keyless: bool = False
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    aliases: tuple[str, ...] = ()
    models_path: str = "/models"
    cannot: tuple[Feature, ...] = ()


class ModelRow(Struct, frozen=True, kw_only=True):
    """A model, wherever it is served.

    `makes` is its work; `api` the native wire format, of those that make text or are asked for files
    in it as well. `ids` is its name
    at each provider that serves it, its home first; `snapshots` are dated names that the home
    accepts as they are, `aliases` are names that only people use. `context_window` and `max_output`
    are in tokens, None where unknown. `features` is what it can do, `lacks` what it cannot; what is
    in neither is not known. `sunset` is the day on which its home stops serving it.
    """

    name: str
    vendor: str
    family: str
    source: str
    api: Native
    ids: dict[str, str]
    makes: Makes = "text"
    aliases: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    context_window: int | None = None
    max_output: int | None = None
    released: date | None = None
    sunset: date | None = None
    features: tuple[Feature, ...] = ()
    lacks: tuple[Feature, ...] = ()

    def generates(self, dialect: Dialect | None) -> bool:
        """Whether it is asked in a dialect of text: what Gemini's models speak, Gemini's own dialect asks for, too."""
        return self.makes == "text" or self.api == dialect == "gemini"

    @property
    def home(self) -> str:
        """The provider whose prices and names count where no other is known: the first of `ids`."""
        return next(iter(self.ids))
