"""How good models are: answers to the same prompts, blind ratings of them, and what these make of each model."""

from madang.quality.desk import ComparisonDesk
from madang.quality.figures import Qualities

__all__ = ["ComparisonDesk", "Qualities"]
