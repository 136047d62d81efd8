"""Captions as files: SRT, WebVTT (w3.org/TR/webvtt1) and ASS. No I/O.

Rule: a text is only ever text. What a format would take for a mark is written so that it shows.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from madang_studio.film.cues import Cue
from madang_studio.film.letters import marked
from madang_studio.programs.fonts import Choice, Font, drawn

JOINER: Final = "\u2060"
"""A word joiner: nothing is drawn, and a backslash before it escapes nothing."""


def srt(cues: Sequence[Cue]) -> str:
    """SubRip, as most players and platforms read it."""
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n"
        f"{_text(cue).replace('-->', '->')}\n\n"
        for number, cue in enumerate(cues, 1)
    )


def vtt(cues: Sequence[Cue], language: str) -> str:
    """WebVTT, as browsers read it."""
    body = "".join(
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_escaped(_text(cue))}\n\n"
        for cue in cues
    )
    return f"WEBVTT\nLanguage: {language}\n\n{body}"


class Look(Struct, frozen=True):
    """How captions look in a picture of a size, in pixels; `em_px` is the width of a wide letter."""

    width_px: int
    height_px: int
    em_px: float
    margin_px: int
    side_px: int


def look(width_px: int, height_px: int) -> Look:
    """Captions for a picture: larger and higher up in an upright one, over the buttons of phones."""
    upright = height_px > width_px
    return Look(
        width_px=width_px,
        height_px=height_px,
        em_px=round(width_px * 0.064 if upright else height_px * 0.056, 1),
        margin_px=round(height_px * (0.17 if upright else 0.07)),
        side_px=round(width_px * 0.06),
    )


ANY_FONT: Final = Choice((Font(Path(), "sans-serif", bold=True),))
"""For a file that is drawn on another machine."""


def ass(cues: Sequence[Cue], form: Look, choice: Choice = ANY_FONT) -> str:
    """Advanced SubStation, as libass draws it into a picture. Fonts by run, so none is guessed."""
    font = choice.fonts[0]
    # the size of this format is the height of a row; fonts' rows are about 1.18 of their em
    size, edge = round(form.em_px * 1.18), max(1.0, round(form.em_px * 0.07, 1))
    style = (
        f"Style: Default,{font.family},{size},&H00FFFFFF,&H00FFFFFF,&H00101010,&H80000000,"
        f"{-1 if font.bold else 0},0,0,0,100,100,0,0,1,{edge},{edge / 3:.1f},2,"
        f"{form.side_px},{form.side_px},{form.margin_px},-1"
    )
    events = "".join(
        f"Dialogue: 0,{_short(cue.start_ms)},{_short(cue.end_ms)},Default,,0,0,0,,"
        + "\\N".join(_drawn(marked(row), choice) for row in cue.lines)
        + "\n"
        for cue in cues
    )
    return HEAD.format(width=form.width_px, height=form.height_px, style=style) + events


HEAD: Final = """[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, \
MarginV, Encoding
{style}

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""

ESCAPES: Final[Mapping[str, str]] = {"\\": f"\\{JOINER}", "{": "\\{", "}": "\\}"}


def _drawn(row: str, choice: Choice) -> str:
    """A row with the font of each run named where it is not the main one."""
    pieces: list[str] = []
    now: Font = choice.fonts[0]
    for character in row:
        if character in choice.left_out:
            continue
        known = len(choice.fonts) == 1 or not drawn(character)
        font = now if known else choice.font_for(character)
        if font != now:
            pieces.append(f"{{\\fn{font.family}\\b{int(font.bold)}}}")
            now = font
        pieces.append(ESCAPES.get(character, character))
    return "".join(pieces)


def _text(cue: Cue) -> str:
    return "\n".join(marked(row) for row in cue.lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(time_ms: int, point: str) -> str:
    seconds, rest = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"


def _short(time_ms: int) -> str:
    """Hours to hundredths; rounded down, as the format has no thousandths."""
    return _clock(time_ms, ".")[1:-1]
