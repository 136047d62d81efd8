"""A rule about hundreds of cases as one test: pytest takes a thousandth of a second for each test, in every process."""

import traceback
from collections.abc import Callable, Iterable
from typing import Any

SHOWN = 5
"""How many broken cases are shown with all that they say; the others by name."""


def for_all(cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Turn a rule about one case (a tuple: its arguments) into a test of all; a failure names each that breaks it."""
    listed = [case if isinstance(case, tuple) else (case,) for case in cases]

    def decorate(rule: Callable[..., None]) -> Callable[[], None]:
        def test() -> None:
            broken = [(case, said) for case in listed if (said := _problem(rule, case))]
            names = "\n".join(" ".join(map(str, case)) for case, _ in broken)
            shown = "\n".join(said for _, said in broken[:SHOWN])
            assert not broken, f"{len(broken)} of {len(listed)} break it:\n{names}\n\n{shown}"

        test.__name__ = test.__qualname__ = rule.__name__
        test.__doc__, test.__module__ = rule.__doc__, rule.__module__
        return test

    return decorate


def _problem(rule: Callable[..., None], case: tuple[Any, ...]) -> str | None:
    try:
        rule(*case)
    except Exception as problem:
        problem.add_note(f"The case: {case}")
        return "".join(traceback.format_exception(problem))
    return None
