"""The reference results of films: `python -m films_reference [FILE]`, the second part of `make reference`.

What a drama costs by one model and by the choice of S5, and what a change costs beside making all anew. Dramas are
written by the playground's storyteller and cut by the studio; clips and voices are never made, only planned: prices
and times are those that are stated.
"""

import sys
import tempfile
import wave
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import films_worker

from madang import catalog
from madang.catalog.videos import load_videos
from madang.drills.reference.page import section
from madang.drills.reference.parts import Line, Part
from madang.routing.media.videos import Offer, Wish, choose, seconds_of
from madang_studio.batch.own_gateway import own_gateway
from madang_studio.gateway import Door
from madang_studio.graph.estimates import Estimator, amount_of, clip_ms
from madang_studio.graph.plan import Plan, plan
from madang_studio.graph.survey import survey
from madang_studio.graph.wiring import steps_of
from madang_studio.model.brief import Brief
from madang_studio.model.edits import LineEdit
from madang_studio.model.script import NARRATOR
from madang_studio.model.work import Made
from madang_studio.runner import Bench, Conductor, orders
from madang_studio.runner.queues import ThreadQueues
from madang_studio.store import Project
from madang_studio.writing.languages import speech_ms

DAY = date(2025, 1, 1)
"""A day on which all four models of the table are there; two of them have ended since."""

GENRES = ("romance", "comedy", "drama", "action", "mystery", "thriller")
_CLAIMED = 0.7
MINUTES = 3.0
LEAST_QUALITY = 0.91
SINGLE_NUSD, CHOSEN_NUSD = 240_000_000_000, 85_000_000_000
PRICES = {
    ("clip", "video:auto"): 80_000,
    ("voice", "speech:auto"): 15_000,
    **dict.fromkeys([("draft", ""), ("dialogue", ""), ("polish", "")], 10_000_000),
    ("translation", ""): 1_000_000,
}
"""Nano-dollars per millisecond, per character, per call."""

CHANGES = {"a line's words": 6, "another coat": 1, "a retake of a clip": 2, "another theme": 1}
"""What people change in a drama, of ten changes: stated by us, as the claim does not say."""


def main(arguments: Sequence[str]) -> int:
    """Print both parts, and add them to the files that are named."""
    with written() as (project, dramas):
        parts = [choice(lengths_of(project, dramas), len(dramas)), rebuilding(project, dramas)]
    told = "".join(section(part) for part in parts)
    sys.stdout.write(told)
    for file in arguments:
        with Path(file).open("a", encoding="utf-8") as report:
            report.write(told)
    return 0


@contextmanager
def written(dramas: int = 12, minutes: float = MINUTES) -> Iterator[tuple[Project, list[str]]]:
    """Dramas that are written and cut, with stand-ins for everything that is filmed or spoken."""
    with tempfile.TemporaryDirectory() as folder, own_gateway(Path(folder) / "gateway") as access:
        project = Project(Path(folder) / "project", create=True)

        def open_bench(tags, stop):
            door = Door(access.url, access.key, tags, stop)
            played = {"voice": _speak, "clip": films_worker.note}
            played |= dict.fromkeys(films_worker.STAND_INS, films_worker.note)
            return Bench({**steps_of(door), **played}, door.charges)

        runner = Conductor(project, open_bench, queues=ThreadQueues())
        names = [
            project.dramas.add(
                Brief(
                    theme=f"A letter comes {n} days late",
                    genre=GENRES[n % len(GENRES)],
                    minutes=minutes,
                    captions=("ko",),
                    seed=n,
                )
            )
            for n in range(1, dramas + 1)
        ]
        runner.start()
        try:
            runner.wait(timeout_s=300)
            states = Counter(project.dramas.get(name).state for name in names)
            assert states == {"done": dramas}, states
            yield project, names
        finally:
            runner.stop()
            project.close()


def _speak(task):
    """Silence as long as the line is estimated to take."""
    text, language = task.node.params["text"], task.node.params["language"]
    length_ms = speech_ms(text, language)
    with wave.open(str(task.folder / "voice.wav"), "wb") as sound:
        sound.setparams((1, 2, 8_000, 0, "NONE", ""))
        sound.writeframes(bytes(16 * length_ms))
    facts = {"duration_ms": length_ms, "timing": [], "voice": "none", "model": "none"}
    return Made(folder=task.folder, files={"voice.wav": "voice.wav"}, facts=facts)


def lengths_of(project: Project, dramas: Sequence[str]) -> list[int]:
    """How long the clips of all dramas are, in ms; shots that are to look exactly alike have one clip."""
    found = []
    for drama in dramas:
        standing = survey(project, drama).standing
        clips = {one.stamp: one.node for one in standing.values() if one.node.step == "clip"}
        found += [clip_ms(node, standing) for node in clips.values()]
    return found


# --- the choice of a model ----------------------------------------------------------------------------


def choice(lengths: Sequence[int], dramas: int) -> Part:
    """What dramas cost by the best model alone, by the choice of S5, and by the cheapest that is good enough."""
    offers = [
        Offer(provider="table", model=row.model, row=row, nusd_per_s=row.nusd_per_s)
        for row in load_videos(catalog.load()).profiles["reference"]
    ]
    best = max(offers, key=lambda offer: offer.row.quality or 0)
    scale = SINGLE_NUSD / sum(_nusd(best, length) for length in lengths)
    picks = [choose(offers, Wish(duration_ms=each), DAY).picks[0] for each in lengths]
    quality = sum(pick.offer.row.quality or 0 for pick in picks) / len(picks)
    chosen = scale * sum(pick.cost_nusd or 0 for pick in picks)
    least = least_by_quality(offers, lengths)
    cheapest = scale * min(nusd for mean, nusd in least.items() if mean >= LEAST_QUALITY)
    bought = max(mean for mean, nusd in least.items() if nusd * scale <= CHOSEN_NUSD)
    seconds = sum(lengths) / 1000
    return Part(
        "Models for film",
        f"{dramas} dramas of {MINUTES:g} minutes by the playground's storyteller, cut by the studio into\n"
        f"{len(lengths)} shots of {min(lengths) / 1000:g} to {max(lengths) / 1000:g} s,"
        f" {seconds / len(lengths):.1f} s on the average. Models, prices, qualities\n"
        "and lengths of clips are those of the reference table (S5), on a day on which all four were there. Who\n"
        "makes only some lengths is paid for the next longer one. The claim does not say how long its dramas are:\n"
        f"ours are scaled so that {best.model} alone costs $240, which are {seconds * scale:,.0f} s of film.\n"
        "Mean quality is over shots.",
        (
            Line(f"`{best.model}` for every shot", "$240", _dollars(SINGLE_NUSD), holds=True),
            _cost("`video:auto`", chosen),
            _good("its mean quality", quality),
            _cost(f"any choice at mean quality {LEAST_QUALITY}, at the least", cheapest),
            _good("mean quality that $85 buy, at the most", bought),
        ),
        f"`video:auto` took {_told(Counter(pick.offer.model for pick in picks))}: it weighs each shot\n"
        "for itself. At these prices no choice of models comes to $85: a second at mean quality 0.91 costs at least\n"
        "$0.075 (eleven twelfths runway, one svd) against $0.12, which is $150 for $240. What is saved beyond that\n"
        "are seconds that nobody asked for: sora makes 4, 8 or 12 s, runway any whole number; a drama that is cut\n"
        "for sora's lengths saves less. Retakes, voices and texts are left out on both sides. Two of the four models\n"
        "have ended since.",
    )


def least_by_quality(offers: Sequence[Offer], lengths: Sequence[int]) -> dict[float, int]:
    """The least nano-dollars that clips cost, for each mean quality that they can have.

    Exact: qualities are hundredths, so their sums are small whole numbers.
    """
    least = {0: 0}
    for length in lengths:
        further: dict[int, int] = {}
        for offer in offers:
            if seconds_of(offer, Wish(duration_ms=length)) is None:
                continue
            good, nusd = round(100 * (offer.row.quality or 0)), _nusd(offer, length)
            for total, spent in least.items():
                known = further.get(total + good, spent + nusd)
                further[total + good] = min(spent + nusd, known)
        least = further
    return {total / 100 / len(lengths): nusd for total, nusd in least.items()}


def _nusd(offer: Offer, length_ms: int) -> int:
    seconds = seconds_of(offer, Wish(duration_ms=length_ms))
    assert seconds is not None, f"{offer.model} makes no {length_ms} ms"
    return (offer.nusd_per_s or 0) * seconds


def _cost(what: str, nusd: float) -> Line:
    return Line(what, _dollars(CHOSEN_NUSD), _dollars(nusd), nusd <= CHOSEN_NUSD)


def _good(what: str, quality: float) -> Line:
    holds = quality >= LEAST_QUALITY
    return Line(what, f"≥ {LEAST_QUALITY}", f"{quality:.3f}", holds)


def _dollars(nusd: float) -> str:
    return f"${nusd / 1e9:.0f}"


def _told(shares: Counter[str]) -> str:
    return ", ".join(
        f"`{model}` for {times / shares.total():.0%}" for model, times in shares.most_common()
    )


# --- what a change costs ------------------------------------------------------------------------------


def rebuilding(project: Project, dramas: Sequence[str]) -> Part:
    """What changes make again, beside making everything again each time."""
    estimator = Estimator(lambda _step, _model: None, PRICES)
    whole = [_whole(project, drama, estimator) for drama in dramas]
    again: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for drama, everything in zip(dramas, whole, strict=True):
        for change, apply in _APPLIED.items():
            with apply(project, drama):
                again[change].append(_sum(plan(project, drama, estimator)))
        again["another theme"].append(everything)
    every = [sum(one[0] for one in whole), sum(one[1] for one in whole)]
    shares = {
        change: (sum(one[0] for one in costs) / every[0], sum(one[1] for one in costs) / every[1])
        for change, costs in again.items()
    }
    total = sum(CHANGES.values())
    mixed = [
        sum(CHANGES[name] * share[n] for name, share in shares.items()) / total for n in (0, 1)
    ]
    rows = "\n".join(
        f"| {name} | {seconds:.1%} | {nusd:.1%} |" for name, (seconds, nusd) in shares.items()
    )
    of_ten = ", ".join(f"{times} times {name}" for name, times in CHANGES.items())
    return Part(
        "Making again only what has changed",
        "The same dramas, whole; then one change at a time, and what the studio's own plan says would be made again.\n"
        "Compute is the sum of the usual seconds of all its steps (45 s a clip, 2 s a voice and a cut, 30 s a\n"
        "draft), money is clips at $0.08 a second, voices at $15 a million characters, a cent for each pass over the\n"
        f"script and a tenth of one for a translation. Of ten changes:\n{of_ten}.\n"
        "Before: everything is made again each time. After: what the plan names.",
        (
            Line("compute", "-70 %", f"-{1 - mixed[0]:.0%}", 1 - mixed[0] >= _CLAIMED),
            Line("money", "-70 %", f"-{1 - mixed[1]:.0%}", 1 - mixed[1] >= _CLAIMED),
        ),
        "What one change makes again, of the whole:\n\n| change | compute | money |\n|---|---:|---:|\n"
        f"{rows}\n\nThe coat is that of whoever is in most shots. The claim does not state its changes; up to\n"
        f"{_most_new(shares):.0%} of them may be new themes, the others as above, before -70 % is missed.",
    )


def _most_new(shares: Mapping[str, tuple[float, float]]) -> float:
    """The share of new themes at which 30 % of the compute is left."""
    others = {name: times for name, times in CHANGES.items() if name != "another theme"}
    mean = sum(times * shares[name][0] for name, times in others.items()) / sum(others.values())
    return (1 - _CLAIMED - mean) / (1 - mean)


@contextmanager
def _line(project: Project, drama: str) -> Iterator[None]:
    """Other words, as long as the old ones, for the middle line."""
    script = survey(project, drama).script
    lines = [line for scene in script.scenes for line in scene.lines]
    line = lines[len(lines) // 2]
    words = line.text.split(" ")
    orders.edit_line(project, drama, line.id, LineEdit(text=" ".join([*words[1:], words[0]])))
    yield
    orders.edit_line(project, drama, line.id, LineEdit(text=line.text))


@contextmanager
def _coat(project: Project, drama: str) -> Iterator[None]:
    """Another coat for whoever is in most shots."""
    seen = survey(project, drama)
    shown = Counter(name for shot in seen.shots for name in shot.characters)
    people = [one for one in seen.script.characters if one.name != NARRATOR and shown[one.name]]
    person = max(people, key=lambda one: (shown[one.name], one.name))
    orders.edit_character(project, drama, _replaced(person, clothing="a long green coat"))
    yield
    orders.edit_character(project, drama, person)


@contextmanager
def _retake(project: Project, drama: str) -> Iterator[None]:
    """The middle clip once more."""
    clips = [key for key in survey(project, drama).standing if key.startswith("clip/")]
    place = clips[len(clips) // 2]
    before = survey(project, drama).standing[place].stamp
    orders.retake(project, drama, place)
    yield
    orders.pick(project, drama, place, before)


_APPLIED: dict[str, Callable] = {
    "a line's words": _line,
    "another coat": _coat,
    "a retake of a clip": _retake,
}


def _replaced(character, **changes):
    return type(character)(
        **{**{name: getattr(character, name) for name in character.__struct_fields__}, **changes}
    )


def _whole(project: Project, drama: str, estimator: Estimator) -> tuple[float, int]:
    """Everything that a drama consists of."""
    standing = survey(project, drama).standing
    told = [
        estimator.estimate(one.node, amount_of(one.node, clip_ms(one.node, standing)))
        for one in standing.values()
    ]
    assert None not in told
    return sum(one.seconds for one in told), sum(one.nusd for one in told)


def _sum(planned: Plan) -> tuple[float, int]:
    return sum(one.estimate.seconds for one in planned.items if one.estimate), planned.nusd


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
