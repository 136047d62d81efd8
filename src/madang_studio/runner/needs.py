"""What a drama will still need of a gateway and of this machine, as far as that can be known now.

Rule: the brief says it as soon as a drama is wanted, the script more exactly, the shots exactly.
Nothing is asked here, and nothing that is there already is needed.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, convert
from msgspec.structs import replace

from madang_studio.footage.casting import cast
from madang_studio.gateway import SpeechAsk, VideoAsk
from madang_studio.graph.estimates import clip_ms
from madang_studio.graph.standing import Standing
from madang_studio.graph.survey import Survey
from madang_studio.model.brief import Brief
from madang_studio.model.script import NARRATOR, Voice
from madang_studio.writing.languages import letters_of
from madang_studio.writing.tasks import TASKS

_USUAL_MS: Final = 5_000
"""A clip of this length nearly every model makes; the shots say later how long they are."""

_MB: Final = 1_000_000
_BASE_BYTES: Final = 100 * _MB
_MINUTE_BYTES: Final = 250 * _MB
_SHAPE_BYTES: Final = 80 * _MB
"""What a minute of film takes with all that it is made of, and each further shape of it. Measured with
drawn frames: 110 MB a minute (2026-11-20); what makers of clips send is about twice as large."""

_HANDED_BYTES: Final = 60 * _MB
_HANDED_SHAPE_BYTES: Final = 20 * _MB
"""The same of what is handed over, a film and its package; measured: 30 MB a minute."""


class Needs(Struct, frozen=True, kw_only=True):
    """`models` that write; `voices` and `clips` as they would be asked for.

    `letters`: what captions in the picture will be drawn with; `room_bytes` on the disk.
    """

    models: tuple[str, ...] = ()
    voices: tuple[SpeechAsk, ...] = ()
    clips: tuple[VideoAsk, ...] = ()
    letters: str = ""
    room_bytes: int = 0


def needs_of_brief(brief: Brief) -> Needs:
    """What a drama needs of which nothing is there but its brief."""
    steps = ["draft", "dialogue", "polish", *(["translation"] if _foreign(brief) else [])]
    return Needs(
        models=tuple(TASKS[step] for step in steps),
        voices=(_voice(brief.speech, brief.language, cast(NARRATOR, Voice())),),
        clips=(_clip(brief.video, brief.aspect, brief.urgency, _USUAL_MS),),
        letters=letters_of(brief.burned) if brief.burned else "",
        room_bytes=_room(brief),
    )


def handed_bytes(brief: Brief) -> int:
    """What the films and the package of a drama take where they are handed over, about."""
    minute = _HANDED_BYTES + _further(brief) * _HANDED_SHAPE_BYTES
    return round(float(brief.minutes) * minute)


def needs_of(seen: Survey) -> Needs:
    """What a drama still needs."""
    wanted = needs_of_brief(seen.brief)
    lacking = [it for it in seen.standing.values() if it.state != "fresh"]
    steps = {it.node.step for it in lacking}
    if seen.script is not None:
        models = tuple(task for step, task in TASKS.items() if step in steps)
        wanted = replace(wanted, models=models, voices=tuple(_voices(lacking)))
    if seen.shots is not None:
        wanted = replace(wanted, clips=tuple(_clips(lacking, seen.standing)))
        if "cut" not in steps:
            wanted = replace(wanted, letters="")
    if wanted.letters:
        wanted = replace(wanted, letters=wanted.letters + _spoken(seen))
    share = len(lacking) / max(1, len(seen.standing)) if seen.shots is not None else 1.0
    return replace(wanted, room_bytes=round(wanted.room_bytes * share))


def _voices(lacking: list[Standing]) -> Iterator[SpeechAsk]:
    """One of each voice that is still to speak."""
    told: set[tuple[str, str, str]] = set()
    for node in (it.node for it in lacking if it.node.step == "voice"):
        params = node.params
        name = cast(params["character"], convert(params["voice"], Voice))
        voice = (params["model"], params["language"], name)
        if voice not in told:
            told.add(voice)
            yield _voice(*voice)


def _clips(lacking: list[Standing], standing: Mapping[str, Standing]) -> Iterator[VideoAsk]:
    """The longest of each sort of clip that is still to be made."""
    longest: dict[tuple[str, str, str], int] = {}
    for node in (it.node for it in lacking if it.node.step == "clip"):
        sort = (node.params["model"], node.params["aspect"], node.params["urgency"])
        longest[sort] = max(longest.get(sort, 0), clip_ms(node, standing))
    yield from (_clip(*sort, length) for sort, length in longest.items())


def _spoken(seen: Survey) -> str:
    """What is said in the drama, if that is what its captions say; translations are not known here."""
    if seen.brief.burned != seen.brief.language:
        return ""
    voices = (it.node for it in seen.standing.values() if it.node.step == "voice")
    return "".join(str(node.params["text"]) for node in voices)


def _voice(model: str, language: str, voice: str) -> SpeechAsk:
    return SpeechAsk(
        name="preflight",
        model=model,
        text="One line.",
        voice=voice,
        language=language,
        instructions=None,
        speed=1.0,
        seed=1,
    )


def _clip(model: str, aspect: str, urgency: str, length_ms: int) -> VideoAsk:
    return VideoAsk(
        name="preflight",
        model=model,
        prompt="One shot.",
        negative=None,
        duration_ms=length_ms,
        aspect=aspect,
        seed=1,
        hurry=urgency == "high",
    )


def _foreign(brief: Brief) -> bool:
    """Whether captions are in another language than what is spoken."""
    return bool({*brief.captions, brief.burned or brief.language} - {brief.language})


def _room(brief: Brief) -> int:
    minute = _MINUTE_BYTES + _further(brief) * _SHAPE_BYTES
    return _BASE_BYTES + round(float(brief.minutes) * minute)


def _further(brief: Brief) -> int:
    """How many shapes there are beside the first."""
    return len({brief.aspect, *brief.exports}) - 1
