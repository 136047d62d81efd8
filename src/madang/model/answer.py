"""What is answered, as a whole."""

from msgspec import Struct, field

from madang.model.kinds import Json, Stop
from madang.model.parts import Part


class Usage(Struct, frozen=True):
    """What one answer used, mostly tokens. `input` includes cache reads and writes, `output` includes reasoning.

    `cache_write_1h` is a part of `cache_write`, audio a part of input or output. `tier` is the service
    tier that the provider says it answered at, in its own word, None: the standard one. `units` is what was
    used and is no token, such as `searches`; see `Rates.units`.

    `estimated` marks figures that Madang computed because the provider reported none.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0
    cache_write_1h: int = 0
    estimated: bool = False
    tier: str | None = None
    units: dict[str, int] = {}


class Choice(Struct, frozen=True, kw_only=True):
    """One alternative of an answer. `stop_raw` is the provider's own word, `stop_sequence` the one that matched.

    `logprobs` is in OpenAI's shape: a list of {token, logprob, bytes, top_logprobs}.
    """

    parts: tuple[Part, ...]
    stop: Stop | None
    stop_raw: str | None = None
    stop_sequence: str | None = None
    logprobs: Json = None


class Answer(Struct, frozen=True, kw_only=True):
    """A whole answer. `created_s` is Unix time in seconds where the provider says; usage None: not reported."""

    model: str
    choices: tuple[Choice, ...]
    id: str | None = None
    created_s: int | None = None
    usage: Usage | None = None
    service_tier: str | None = None
    extra: dict[str, Json] = field(default_factory=dict)

    @property
    def stop(self) -> Stop | None:
        """Why the first alternative ended."""
        return self.choices[0].stop if self.choices else None
