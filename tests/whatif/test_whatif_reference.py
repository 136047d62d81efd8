"""The reference results: mixed models against one, -42 %, -60 % and -78 to -84 % (docs/whatif.md has the same figures).

Assumed: everything was answered by gpt-4.1; 3,000 tokens in and 1,000 out; reference prices in
dollars per million: gpt-4.1 8/32, gemini-2.5-flash 2.5/10, deepseek-v3.2 0.42/1.90.
"""

import re
from pathlib import Path

import pytest
from whatif_rows import row_of

from madang.whatif.change import Change, read_mix

PRICES = """
prices:
  - {provider: openai, model: gpt-4.1, in: 8, out: 32}
  - {provider: gemini, model: gemini-2.5-flash, in: 2.5, out: 10}
  - {provider: deepseek, model: deepseek-v3.2, in: 0.42, out: 1.90}
"""
NUSD = {"gpt-4.1": 56_000_000, "gemini-2.5-flash": 17_500_000, "deepseek-v3.2": 3_160_000}
"""3,000 * 8,000 + 1,000 * 32,000; 3,000 * 2,500 + 1,000 * 10,000; 3,000 * 420 + 1,000 * 1,900."""

REQUESTS = 20_000
MIXES = [
    ("gpt-4.1=50,gemini-2.5-flash=20,deepseek-v3.2=30", -0.42),
    ("gpt-4.1=30,gemini-2.5-flash=25,deepseek-v3.2=45", -0.60),
    ("gpt-4.1=15,gemini-2.5-flash=7,deepseek-v3.2=78", -0.78),
    ("gpt-4.1=10,gemini-2.5-flash=4,deepseek-v3.2=86", -0.84),
]
PAGE = Path(__file__).parents[2] / "docs" / "whatif.md"


@pytest.fixture(scope="module")
def rows():
    from whatif_rows import AT_US

    from madang.whatif.past import Past

    used = {"input_tokens": 3_000, "output_tokens": 1_000, "cost_nusd": NUSD["gpt-4.1"]}
    return [
        Past(f"req_{n}", AT_US + n, "gpt-4.1", "openai", "gpt-4.1", **used) for n in range(REQUESTS)
    ]


@pytest.mark.parametrize(("mix", "claim"), MIXES)
def test_a_reference_mix_saves_what_is_claimed(rows, replayed, mix, claim):
    told = replayed(rows, PRICES, change=Change(mix=read_mix(mix)))
    assert told.total.then_nusd == REQUESTS * 56_000_000
    counts = {name: row_of(told, name).now_requests for name in NUSD}
    assert told.total.now_nusd == sum(counts[name] * nusd for name, nusd in NUSD.items())
    assert sum(counts.values()) == REQUESTS
    assert told.total.difference_share == pytest.approx(claim, abs=0.01)


@pytest.mark.parametrize(("mix", "claim"), MIXES)
def test_the_page_states_the_shares_and_their_exact_result(mix, claim):
    shares = [part.split("=") for part in mix.split(",")]
    cost = sum(int(share) * NUSD[name] for name, share in shares) / 56_000_000
    line = rf"^\| `{re.escape(mix)}` \| -{100 - cost:.1f} % \|"
    assert re.search(line, PAGE.read_text(), re.MULTILINE), line
