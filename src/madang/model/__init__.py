"""The neutral model: what every dialect can be read into and written from.

One rule: a record here is a plain frozen value. It knows no wire format, does no I/O and holds
nothing that only one provider understands, except inside `Opaque`, which says whose it is.

Roles are `system`, `user` and `assistant`. A tool's result is a `ToolResult` part of a *user*
message (as Anthropic and Gemini have it; Chat Completions' `tool` messages are read into that).
"""

from madang.model.answer import (
    Answer,
    Choice,
    Usage,
)
from madang.model.attempt import (
    PASSED_OVER,
    Attempt,
    Outcome,
    Target,
)
from madang.model.decision import (
    Decision,
    LeftOut,
    Weighed,
)
from madang.model.embedding import (
    Embed,
    Embedded,
)
from madang.model.events import (
    ChoiceEnded,
    CitationAdded,
    Ended,
    Event,
    Failed,
    LogprobsAdded,
    PartEnded,
    PartStarted,
    SignatureDelta,
    Started,
    TextDelta,
    UsageSeen,
)
from madang.model.kinds import (
    EMBEDDING,
    MEDIA,
    Dialect,
    Feature,
    Json,
    ProviderKind,
    Role,
    Stop,
)
from madang.model.parts import (
    Audio,
    CacheMark,
    Citation,
    Document,
    Image,
    Media,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from madang.model.price import (
    Hours,
    PriceRow,
    Rates,
    Sheet,
    Tier,
    UnitPrice,
    special_tier,
)
from madang.model.request import (
    Format,
    Message,
    Reasoning,
    Request,
    Tool,
    ToolChoice,
)

__all__ = [
    "EMBEDDING",
    "MEDIA",
    "PASSED_OVER",
    "Answer",
    "Attempt",
    "Audio",
    "CacheMark",
    "Choice",
    "ChoiceEnded",
    "Citation",
    "CitationAdded",
    "Decision",
    "Dialect",
    "Document",
    "Embed",
    "Embedded",
    "Ended",
    "Event",
    "Failed",
    "Feature",
    "Format",
    "Hours",
    "Image",
    "Json",
    "LeftOut",
    "LogprobsAdded",
    "Media",
    "Message",
    "Opaque",
    "Outcome",
    "Part",
    "PartEnded",
    "PartStarted",
    "PriceRow",
    "ProviderKind",
    "Rates",
    "Reasoning",
    "Refusal",
    "Request",
    "Role",
    "Sheet",
    "SignatureDelta",
    "Started",
    "Stop",
    "Target",
    "Text",
    "TextDelta",
    "Thinking",
    "Tier",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "ToolResult",
    "UnitPrice",
    "Usage",
    "UsageSeen",
    "Video",
    "Weighed",
    "special_tier",
]
