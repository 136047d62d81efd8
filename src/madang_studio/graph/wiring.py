"""Who makes what: the one place where the rooms' steps come together."""

from collections.abc import Mapping

from madang_studio.film.steps import STEPS as FILM
from madang_studio.footage.steps import footage_steps
from madang_studio.gateway import Door
from madang_studio.graph.revision import revise
from madang_studio.model.work import Step
from madang_studio.sound.steps import STEPS as SOUND
from madang_studio.writing.steps import writing_steps


def steps_of(door: Door) -> Mapping[str, Step]:
    """Every step by its name, with what it asks going through this door."""
    return {**writing_steps(door.chat), **footage_steps(door), **SOUND, **FILM, "revise": revise}
