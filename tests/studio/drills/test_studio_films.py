"""The studio's drills on a small scale; `make films` has them whole."""

from collections import Counter

import films_crowd
import films_kills
from films_stage import stage


def test_killed_at_any_moment_three_books_agree_to_the_nano_dollar(tmp_path):
    with stage(tmp_path, speed=200, called=True, unsure_s=2, give_up_s=60) as (makers, house):
        plan = films_kills.Plan(dramas=2, kills=3, seed=3, minutes=0.3, pause_s=1.5)
        told, audit = films_kills.run(tmp_path, makers, house, plan)
    assert told.states == {"done": 2}
    assert audit.agrees, audit
    assert audit.clips == audit.wanted + told.accepted > 0


def test_a_maker_that_closes_in_the_middle_is_gone_around(tmp_path):
    with stage(tmp_path, speed=400) as (makers, house):
        told = films_crowd.run(tmp_path, makers, house, dramas=3, clips=72, within_s=60)
    assert told.states == {"done": 3}
    assert told.gone_at > 0
    after = [
        one for one in told.entries if one["kind"] == "video" and one["at_s"] > told.gone_s + 0.5
    ]
    assert films_crowd.AUTO_FIRST not in Counter(one["provider"] for one in after)
    assert told.clips.total() == 72
