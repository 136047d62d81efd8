"""Values as a stranger might send them: mostly of the right shape, or nothing behind the first check is reached."""

from typing import Any

from hypothesis import strategies as st

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
objects = st.dictionaries(words, values, max_size=3)
cuts = st.lists(st.integers(0, 5000), max_size=8)
dice = st.sampled_from([True] * 19 + [False])


def maybe(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with most of the members, one in twenty of a wrong type."""
    given = {name: _mostly(one) for name, one in members.items()}
    return st.fixed_dictionaries({}, optional=given) | st.fixed_dictionaries(given)


def _mostly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return dice.flatmap(lambda is_right: right if is_right else leaves)
