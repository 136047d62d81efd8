"""Fonts of this machine: whether captions can be drawn is known before anything is rendered.

Looked for in this order: what `$MADANG_FONT` names, the system's folders, the NanumGothic that the
Python package koreanize-matplotlib carries. Rule: no film has boxes in it. A letter that no font has
stops the work and names the package to install; an emoji or a symbol is left out, which is noted.
"""

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from msgspec import Struct
from PIL import ImageFont

from madang_studio.errors import MissingTool
from madang_studio.programs.glyphs import Glyphs, glyphs

SETTING: Final = "MADANG_FONT"
"""The environment variable that names fonts to prefer: files or folders, as PATH does."""

CARRIER: Final = "koreanize_matplotlib"
"""A package that carries NanumGothic; it is looked up and never imported (that needs matplotlib)."""

KINDS: Final = {".ttf", ".otf", ".ttc"}

SYSTEM_FOLDERS: Final[dict[str, tuple[str, ...]]] = {
    "linux": ("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts"),
    "darwin": ("~/Library/Fonts", "/Library/Fonts", "/System/Library/Fonts"),
    "win32": ("C:/Windows/Fonts",),
}

UNFIT: Final = (
    "italic",
    "oblique",
    "mono",
    "condensed",
    "serif",
    "emoji",
    "light",
    "thin",
    "black",
)
"""Words in the name of a file that is the last choice for captions ("serif" is not in "sans")."""

PACKAGES: Final = {
    **dict.fromkeys(("HANGUL", "CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO"), "fonts-noto-cjk"),
}
"""The Debian package with fonts for characters whose Unicode name starts so."""

OTHER_PACKAGE: Final = "fonts-noto-core"

UNDRAWN: Final = {"Cc", "Cf", "Cn", "Cs", "Co", "Zs", "Zl", "Zp"}
"""Categories of characters that nothing is drawn for."""


class Font(Struct, frozen=True):
    """A font file, with the name by which captions ask for it."""

    path: Path
    family: str
    bold: bool


class Choice(Struct, frozen=True):
    """Fonts for a text, the main one first, and the characters to be left out."""

    fonts: tuple[Font, ...]
    left_out: frozenset[str] = frozenset()

    def font_for(self, character: str) -> Font:
        """Which of them draws a character; the main one also for what is not drawn."""
        return next((font for font in self.fonts if character in _glyphs(font.path)), self.fonts[0])


def choose(text: str, files: Sequence[Path] | None = None) -> Choice:
    """As few fonts as draw a text. Raises MissingTool where a letter cannot be drawn."""
    needed = {character for character in text if drawn(character)}
    chosen: list[Path] = []
    available = list(installed() if files is None else files)
    while True:
        best = max(available, key=lambda path: _count(path, needed), default=None)
        if best is None or (chosen and not _count(best, needed)):
            break
        chosen.append(best)
        available.remove(best)
        needed = {character for character in needed if character not in _glyphs(best)}
        if not needed:
            break
    letters = sorted(
        character for character in needed if unicodedata.category(character)[0] in "LMN"
    )
    if letters or not chosen:
        raise MissingTool(_lacking(letters))
    return Choice(tuple(_font(path) for path in chosen), frozenset(needed))


def drawn(character: str) -> bool:
    """Whether a font must have something for it: not for spaces, joiners and variation selectors."""
    selector = "\ufe00" <= character <= "\ufe0f"
    return unicodedata.category(character) not in UNDRAWN and not selector


def installed() -> tuple[Path, ...]:
    """All font files, those best for captions first."""
    return (*_ranked(_named()), *_ranked(_of_system()), *_ranked(_carried()))


def _lacking(letters: Sequence[str]) -> str:
    if not letters:
        return (
            f"there is no font on this machine: install Debian's {OTHER_PACKAGE}, or set {SETTING}"
        )
    names = [unicodedata.name(letter, "").partition(" ")[0] for letter in letters]
    packages = sorted({PACKAGES.get(name.partition("-")[0], OTHER_PACKAGE) for name in names})
    return (
        f"no font on this machine has {' '.join(letters[:8])}: install Debian's "
        f"{' and '.join(packages)}, or name a font in {SETTING}"
    )


def _named() -> Iterator[Path]:
    for part in filter(None, os.environ.get(SETTING, "").split(os.pathsep)):
        place = Path(part).expanduser()
        if not place.exists():
            raise MissingTool(f"{SETTING} names {place}, which is not there")
        yield from [place] if place.is_file() else _below(place)


def _of_system() -> Iterator[Path]:
    for folder in SYSTEM_FOLDERS.get(sys.platform, SYSTEM_FOLDERS["linux"]):
        yield from _below(Path(folder).expanduser())


def _carried() -> Iterator[Path]:
    found = find_spec(CARRIER)
    if found is not None and found.origin is not None:
        yield from _below(Path(found.origin).parent / "fonts")


def _below(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.rglob("*") if path.suffix.lower() in KINDS)


def _ranked(files: Iterable[Path]) -> list[Path]:
    return sorted(files, key=lambda path: (*_fitness(path.stem.lower()), str(path)))


def _fitness(name: str) -> tuple[int, int]:
    """The smaller the better: upright and plain first, bold before regular."""
    unfit = sum(word in name for word in UNFIT) + ("extra" in name)
    return unfit, 0 if name.endswith("bold") else 1


def _count(path: Path, characters: Iterable[str]) -> int:
    known = _glyphs(path)
    return sum(character in known for character in characters)


@cache
def _glyphs(path: Path) -> Glyphs:
    return glyphs(path)


def _font(path: Path) -> Font:
    family, style = ImageFont.truetype(str(path), 10).getname()
    return Font(path, family or path.stem, bold="bold" in (style or "").lower())
