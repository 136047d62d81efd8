"""How much a request asks of a model: simple, medium or complex, from signals that anybody can check.

The rules: docs/routing.md, "By complexity".
"""

from madang.routing.auto.judge import Verdict, count_signals, judge, judge_counts
from madang.routing.auto.seen import Seen, language_of, look_over

__all__ = ["Seen", "Verdict", "count_signals", "judge", "judge_counts", "language_of", "look_over"]
