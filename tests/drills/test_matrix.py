"""Every fault in every dialect, whole and streamed, relayed and translated: one healthy target is enough.

Where a fault strikes in the middle of a stream there is a proper end, or the rest from another.
"""

import pytest
from fault_matrix import CAUSES, DEADLINE_S, Square, judged, play, squares

from madang.drills.disaster.caller import Told
from madang.drills.disaster.dialects import WAYS, Way
from madang.drills.simulator import FAULTS

ALL = squares()


@pytest.fixture(scope="module")
def played():
    """All of them, asked once of one gateway."""
    return {one.square: one for one in play(ALL)}


def test_one_healthy_target_is_enough(played):
    assert played.keys() == set(ALL)
    assert [one for one in played.values() if one.problem is not None] == []


def test_the_matrix_has_every_fault_in_every_way():
    assert set(FAULTS) <= set(CAUSES)
    assert {(one.fault, one.way) for one in ALL} == {
        (fault, way) for fault in CAUSES for way in WAYS
    }
    assert {one.struck == one.way.dialect for one in ALL} == {True, False}
    assert any(one.continues for one in ALL)


CUT = Square("cut", "chat", Way("chat", stream=True))
WHOLE = Square("status-500", "chat", Way("chat", stream=False))
MISTAKE = Square("status-400", "chat", Way("chat", stream=False))
FAILED = {
    "n": 0,
    "provider": "chat",
    "outcome": "failed",
    "cause": "provider_failed",
    "final": False,
}
ANSWERED = {"n": 1, "provider": "well", "outcome": "ok", "cause": None, "final": True}
BROKEN = {**FAILED, "outcome": "cut", "cause": "broken", "final": True}
REJECTED = {**FAILED, "cause": "invalid_request", "final": True}


def told(square, kind="ok", took_s=1.0, *, ended=True):
    return Told(square.way, 0.0, 0.1, took_s, kind, ended)


def test_the_judge_takes_what_is_right():
    assert judged(WHOLE, told(WHOLE), [FAILED, ANSWERED]) is None
    assert judged(CUT, told(CUT, "stream error broken"), [BROKEN]) is None
    assert judged(MISTAKE, told(MISTAKE, "400 x"), [REJECTED]) is None


@pytest.mark.parametrize(
    ("square", "heard", "rows"),
    [
        (WHOLE, told(WHOLE, "502 x"), [FAILED, ANSWERED]),
        (WHOLE, told(WHOLE, "wrong answer"), [FAILED, ANSWERED]),
        (WHOLE, told(WHOLE, took_s=DEADLINE_S + 1), [FAILED, ANSWERED]),
        (WHOLE, told(WHOLE), []),
        (WHOLE, told(WHOLE), [FAILED, {**ANSWERED, "final": False}]),
        (WHOLE, told(WHOLE), [{**FAILED, "cause": "timeout"}, ANSWERED]),
        (WHOLE, told(WHOLE), [{**FAILED, "provider": "well"}, ANSWERED]),
        (CUT, told(CUT, "stream without an end", ended=False), [BROKEN]),
        (CUT, told(CUT, "wrong answer"), [BROKEN]),
        (CUT._replace(continues=True), told(CUT, "stream error broken"), [BROKEN]),
        (MISTAKE, told(MISTAKE, "ok"), [{**REJECTED, "final": False}, ANSWERED]),
    ],
)
def test_the_judge_sees_what_is_wrong(square, heard, rows):
    assert judged(square, heard, rows) is not None
