"""The names that OpenTelemetry's conventions give to what Madang knows, all of them in this one place.

https://opentelemetry.io/docs/specs/semconv/gen-ai/ (spans, metrics) in the state of 2026, which calls itself in
development: when a name changes there, it changes here. What the conventions have no name for begins with `madang.`.
"""

from collections.abc import Mapping
from typing import Final

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105 - the name of an attribute
ERROR_TYPE: Final = "error.type"
STATUS: Final = "http.response.status_code"

DURATION_METRIC: Final = "gen_ai.client.operation.duration"
TOKENS_METRIC: Final = "gen_ai.client.token.usage"
FIRST_TOKEN_METRIC: Final = "gen_ai.client.operation.time_to_first_chunk"  # noqa: S105 - a metric
COST_METRIC: Final = "madang.cost"

REQUEST_ID: Final = "madang.request.id"
KEY: Final = "madang.key.id"
DIALECT: Final = "madang.dialect"
ATTEMPTS: Final = "madang.attempts"
ATTEMPT: Final = "madang.attempt"
OUTCOME: Final = "madang.outcome"
COST_USD: Final = "madang.cost_usd"
REGION: Final = "madang.region"
STREAMED: Final = "madang.streamed"
OVERHEAD_S: Final = "madang.overhead_s"

OPERATIONS: Final[Mapping[str, str]] = {
    "chat": "chat",
    "responses": "chat",
    "messages": "chat",
    "gemini": "generate_content",
    "completions": "text_completion",
    "embeddings": "embeddings",
}
"""The operation that a dialect asks for; of others it is `chat`."""

PROVIDERS: Final[Mapping[str, str]] = {
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "xai": "x_ai",
    "bedrock": "aws.bedrock",
    "azure": "azure.ai.openai",
}
"""Providers that the conventions call otherwise than the catalogue."""

DURATION_BUCKETS_S: Final = (
    *(0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64),
    *(1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
)
TOKEN_BUCKETS: Final = (
    *(1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0),
    *(65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0),
)
