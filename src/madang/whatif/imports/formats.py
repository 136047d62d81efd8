"""What other systems call the columns of their exports, as rows.

Sources: LiteLLM's table `LiteLLM_SpendLogs` (its schema.prisma); OpenAI's usage page, whose file has
the fields of `/organization/usage/completions` (a row per bucket of time, not per request);
OpenRouter's activity export; Helicone's export of requests and its `HeliconeRequest`. Read 2026-11.
"""

from collections.abc import Collection, Mapping
from typing import Final, Literal

from msgspec import Struct

from madang.errors import InvalidRequest

Name = Literal["litellm", "openai", "openrouter", "helicone", "generic"]
NAMES: Final[tuple[Name, ...]] = ("litellm", "openai", "openrouter", "helicone", "generic")


class Format(Struct, frozen=True, kw_only=True):
    """The columns of one system: for each of our fields those that may hold it, the first present counts.

    `marks` tell a file of it: all must be there.
    """

    name: Name
    marks: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]


FIELDS: Final[Mapping[str, str]] = {
    "time": "when the request came",
    "end": "when its answer ended",
    "id": "the request's id",
    "model": "the model that answered",
    "provider": "who served it",
    "key": "the caller's key",
    "input": "tokens of the prompt, cached ones included",
    "output": "tokens of the answer, reasoning included",
    "cached": "tokens read from the provider's cache",
    "written": "tokens written to it",
    "reasoning": "tokens of reasoning",
    "cost": "dollars",
    "requests": "how many requests the row sums up",
    "latency_ms": "milliseconds that it took",
    "latency_s": "seconds that it took",
    "status": "how it ended",
    "user": "becomes the tag user",
    "team": "becomes the tag team",
    "app": "becomes the tag app",
}
"""What a column can be, with its meaning; `--map-columns` names these."""

NEEDED: Final = ("time", "model", "input", "output")

FORMATS: Final = (
    Format(
        name="litellm",
        marks=("request_id", "startTime", "spend", "model"),
        columns={
            "id": ("request_id",),
            "time": ("startTime",),
            "end": ("endTime",),
            "model": ("model", "model_group"),
            "provider": ("custom_llm_provider",),
            "key": ("api_key",),
            "input": ("prompt_tokens",),
            "output": ("completion_tokens",),
            "cost": ("spend",),
            "status": ("status",),
            "user": ("user", "end_user"),
            "team": ("team_id",),
        },
    ),
    Format(
        name="openrouter",
        marks=("generation_id", "created_at", "cost_total", "model_permaslug"),
        columns={
            "id": ("generation_id",),
            "time": ("created_at",),
            "model": ("model_permaslug",),
            "provider": ("provider_name",),
            "key": ("api_key_name",),
            "input": ("tokens_prompt",),
            "output": ("tokens_completion",),
            "cached": ("tokens_cached",),
            "reasoning": ("tokens_reasoning",),
            "cost": ("cost_total",),
            "latency_ms": ("generation_time_ms",),
            "user": ("user",),
            "app": ("app_name",),
        },
    ),
    Format(
        name="openai",
        marks=("start_time", "end_time", "model", "input_tokens", "output_tokens"),
        columns={
            "time": ("start_time",),
            "model": ("model",),
            "key": ("api_key_id",),
            "input": ("input_tokens",),
            "output": ("output_tokens",),
            "cached": ("input_cached_tokens",),
            "requests": ("num_model_requests",),
            "user": ("user_id",),
            "team": ("project_id",),
        },
    ),
    Format(
        name="helicone",
        marks=("request_created_at", "model", "prompt_tokens", "completion_tokens"),
        columns={
            "id": ("request_id",),
            "time": ("request_created_at",),
            "model": ("model", "request_model"),
            "provider": ("provider",),
            "input": ("prompt_tokens",),
            "output": ("completion_tokens",),
            "cached": ("prompt_cache_read_tokens",),
            "written": ("prompt_cache_write_tokens",),
            "reasoning": ("reasoning_tokens",),
            "cost": ("cost_usd", "costUSD", "cost"),
            "latency_ms": ("delay_ms",),
            "user": ("request_user_id", "user_id"),
        },
    ),
    Format(
        name="generic",
        marks=(),
        columns={
            "id": ("id", "request_id"),
            "time": ("time", "timestamp", "created_at", "created", "at", "date"),
            "model": ("model", "model_name"),
            "provider": ("provider",),
            "key": ("key", "key_id", "api_key"),
            "input": ("input_tokens", "prompt_tokens", "tokens_in", "input"),
            "output": ("output_tokens", "completion_tokens", "tokens_out", "output"),
            "cached": ("cache_read_tokens", "cached_tokens"),
            "written": ("cache_write_tokens",),
            "reasoning": ("reasoning_tokens",),
            "cost": ("cost_usd", "cost", "spend"),
            "requests": ("requests",),
            "latency_ms": ("latency_ms", "duration_ms"),
            "latency_s": ("latency_s", "duration_s"),
            "status": ("status",),
            "user": ("user", "user_id"),
            "team": ("team", "team_id"),
        },
    ),
)


class Columns(Struct, frozen=True):
    """Whose file it is, and for each of our fields that it has the place of its column."""

    format: Name
    places: dict[str, int]


def find_columns(
    header: list[str], wanted: Name | None = None, given: Mapping[str, str] | None = None
) -> Columns:
    """The columns of a file with this header; `wanted` None: of the system whose marks it has.

    `given` names columns for fields, before what the format says. Raises InvalidRequest.
    """
    present = {name.strip(): at for at, name in reversed(list(enumerate(header)))}
    chosen = _chosen(present, wanted)
    places: dict[str, int] = {}
    for field, names in chosen.columns.items():
        for name in names:
            if name in present:
                places[field] = present[name]
                break
    for field, name in (given or {}).items():
        if name not in present:
            raise InvalidRequest(f"There is no column {name[:100]!r}; {_there(present)}")
        places[field] = present[name]
    missing = [field for field in NEEDED if field not in places]
    if missing:
        raise InvalidRequest(
            f"As {chosen.name}, the file has no column for {', '.join(missing)}: name them with --map-columns, such as "
            f"{missing[0]}=COLUMN; {_there(present)}"
        )
    return Columns(chosen.name, places)


def read_given(text: str) -> dict[str, str]:
    """`time=created_at,model=engine`: columns for fields. Raises InvalidRequest."""
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        field, equals, column = part.partition("=")
        if not equals or field.strip() not in FIELDS:
            raise InvalidRequest(
                f"--map-columns takes FIELD=COLUMN, with a field of {', '.join(FIELDS)}; not {part[:100]!r}."
            )
        given[field.strip()] = column.strip()
    return given


def _chosen(present: Collection[str], wanted: Name | None) -> Format:
    for one in FORMATS:
        if wanted == one.name or (wanted is None and all(mark in present for mark in one.marks)):
            return one
    raise InvalidRequest(f"There is no format {wanted!r}.")


def _there(present: Collection[str]) -> str:
    shown = ", ".join(name[:60] for name in list(present)[:40])
    return f"there are {shown or 'none'}."
