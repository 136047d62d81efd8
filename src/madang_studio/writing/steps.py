"""The steps of this room, by the names that `graph/steps.py` gives them."""

from collections.abc import Mapping
from functools import partial

from madang_studio.model.work import Step
from madang_studio.writing.conversation import Ask
from madang_studio.writing.passes import make_pass, make_translation
from madang_studio.writing.script import make_draft
from madang_studio.writing.shot_prompt import make_prompt
from madang_studio.writing.shots import make_shots


def writing_steps(ask: Ask) -> Mapping[str, Step]:
    """What this room makes; `ask` is how a model is asked (`gateway.Door.chat`)."""
    return {
        "draft": partial(make_draft, ask=ask),
        "dialogue": partial(make_pass, ask=ask),
        "polish": partial(make_pass, ask=ask),
        "scene_break": make_shots,
        "prompt": make_prompt,
        "translation": partial(make_translation, ask=ask),
    }
