"""From another gateway's configuration to ours: text in, text and a report out. No I/O."""

from madang.migration.findings import Row, Translation, Variable, Verdict
from madang.migration.litellm import translate as translate_litellm

__all__ = ["Row", "Translation", "Variable", "Verdict", "translate_litellm"]
