"""How much a request asks of a model: simple, medium or complex, from signals that anybody can check.

The rules: docs/routing.md, "By complexity".
"""

from madang.routing.auto.judge import Verdict, judge
from madang.routing.auto.seen import Seen, look_over

__all__ = ["Seen", "Verdict", "judge", "look_over"]
