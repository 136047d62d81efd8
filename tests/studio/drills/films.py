"""`make films`: drills of the studio over real sockets, slow. `python -m films [kills] [crowd] [FILE.md]`.

Prints a report as Markdown, and writes it to a file where one is named.
"""

import os
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import films_crowd
import films_kills
from films_stage import stage

DRAMAS, KILLS, SEED, SPEED = 20, 50, 7, 30.0
GIVE_UP_S = 14_400 / SPEED
CROWD, CROWD_SPEED, CLIPS_OF_DRAMA = 200, 60.0, 24


def main(arguments: Sequence[str]) -> int:
    """The exit status: 1 where a promise was broken."""
    files = [one for one in arguments if one.endswith(".md")]
    drills = [one for one in arguments if one in _DRILLS] or list(_DRILLS)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}"
    pages, kept = [_HEAD.format(day=f"{datetime.now(UTC):%Y-%m-%d}", machine=machine)], True
    for name in drills:
        with tempfile.TemporaryDirectory() as folder:
            page, held = _DRILLS[name](Path(folder))
        pages.append(page)
        kept = kept and held
    told = "\n".join(pages)
    sys.stdout.write(told)
    for file in files:
        Path(file).write_text(told, encoding="utf-8")
    return 0 if kept else 1


_HEAD = """\
# Drills of films

The studio's runner, its store, a gateway and simulated makers, each a process of its own, over real sockets; time is
compressed. What only runs ffmpeg on this machine is a stand-in. Repeat it with `make films`.

{day}, {machine}. Load before it began: {load}.
""".replace("{load}", " ".join(f"{one:.1f}" for one in os.getloadavg()))


def kills(folder: Path) -> tuple[str, bool]:
    """Kill, and compare the books."""
    with stage(folder, speed=SPEED, called=True, give_up_s=GIVE_UP_S) as (makers, house):
        told, audit = films_kills.run(folder, makers, house, films_kills.Plan(DRAMAS, KILLS, SEED))
    held = audit.agrees and told.states == {"done": DRAMAS}
    return "\n".join(_of_kills(told, audit, held=held)) + "\n", held


def _of_kills(told: films_kills.Told, audit: films_kills.Audit, *, held: bool) -> Iterator[str]:
    yield "## Killed fifty times"
    yield ""
    yield (
        f"{DRAMAS} dramas of half a minute; clips by Runway, Pika at fal, Kling and `video:auto`, voices by OpenAI,\n"
        "ElevenLabs and `speech:auto`, texts by a simulated storyteller. Time is compressed "
        f"{SPEED:g} times; every\nmaker thinks {films_kills.ANSWER_S:g} s about every request, so that kills strike "
        "between a request and its answer. Of the\norders of clips that makers have taken, "
        f"{films_kills.LOST_SHARE:.0%} get no answer at all: the connection is closed. Makers call\nthe gateway, "
        "which has a public address. `kill -9` every 0 to 4 s, twice the studio, then the gateway."
    )
    yield ""
    yield "| what | |\n|---|---:|"
    yield f"| kills of the studio, of the gateway | {told.kills['studio']}, {told.kills['gateway']} |"
    yield f"| seconds | {told.seconds:.0f} |"
    yield f"| dramas at the end | {_counted(told.states)} |"
    yield f"| dramas that a person had to resume | {told.resumed.total()} |"
    yield f"| orders of clips whose answers were lost, and what became of them | {_counted(told.fates)} |"
    yield f"| of the found, those that a person found in the maker's own book | {told.named} |"
    yield f"| different clips, clips charged | {audit.wanted}, {audit.clips} |"
    yield f"| clips charged twice, as a person accepted it | {told.accepted} |"
    yield f"| clips in the makers' books, nano-dollars | {_money(audit.made_nusd)} |"
    yield f"| clips in the ledger, nano-dollars | {_money(audit.booked_nusd)} |"
    yield f"| clips in the ledger as estimates | {_counted(_of(audit.lost, 'videos'))} |"
    yield f"| everything in the makers' books, nano-dollars | {audit.makers_nusd:,} |"
    unheard = f"{audit.unheard_nusd:,} ({_counted(audit.unheard)})"
    yield f"| of it for speech and texts that were lost with a process | {unheard} |"
    yield f"| everything in the ledger, nano-dollars | {audit.ledger_nusd:,} |"
    yield f"| of it estimates for speech and texts that were lost | {audit.lost_nusd:,} ({_counted(audit.lost)}) |"
    unsaid = f"{audit.unsaid_nusd:,} ({_counted(audit.unsaid)})"
    yield f"| of it for answers that died with the gateway on their way to the studio | {unsaid} |"
    yield f"| everything in the studio's sums, nano-dollars | {audit.studio_nusd:,} |"
    yield f"| rows that pay for nothing | {', '.join(audit.odd) or 'none'} |"
    equal = "equal" if held else "**not equal**"
    yield f"| of clips the books are, and without lost speech and texts all three | {equal} |"
    for why in told.resumed:
        yield f"\nResumed after: {why.partition(';')[0]}"


def crowd(folder: Path) -> tuple[str, bool]:
    """Two hundred dramas at once."""
    with stage(folder, speed=CROWD_SPEED) as (makers, house):
        told = films_crowd.run(
            folder, makers, house, dramas=CROWD, clips=CROWD * CLIPS_OF_DRAMA, within_s=1800
        )
    held = told.states == {"done": CROWD}
    return "\n".join(_of_crowd(told)) + "\n", held


def _of_crowd(told: films_crowd.Crowd) -> Iterator[str]:
    after = [one for one in told.entries if one["kind"] == "video" and one["at_s"] > told.gone_s]
    yield "## Two hundred dramas"
    yield ""
    yield (
        f"{CROWD} dramas of 12 scenes, a third each by Runway, by Kling and by `video:auto`; {films_crowd.CAP} clips\n"
        "at once of a model (the studio) and of a maker (the gateway). Time is compressed "
        f"{CROWD_SPEED:g} times. Scripts are\nstand-ins, too. The bound: each maker's jobs as its book has them, "
        "by the time that each takes, divided by its cap;\nthe largest is the least that all can take. Half-way fal, "
        "which `video:auto` had chosen, answers every order with 410."
    )
    yield ""
    yield "| what | |\n|---|---:|"
    yield f"| dramas at the end | {_counted(told.states)} |"
    yield f"| clips | {told.clips.total()} ({_counted(told.clips)}) |"
    yield f"| when fal was switched off, clips ordered | {told.gone_at} |"
    yield f"| clips after that, by maker | {_counted(Counter(one['provider'] for one in after))} |"
    yield f"| makespan | {told.seconds:.0f} s |"
    for house, seconds in sorted(told.bounds_s.items()):
        yield f"| bound of {house} | {seconds:.0f} s |"
    yield f"| makespan by the largest bound | {told.ratio:.2f} (wanted: 1.10) |"
    yield f"| processor seconds | {', '.join(f'{name} {used:.0f}' for name, used in told.cpu.items())} |"
    yield ""
    yield "| clips ordered | studio, MiB | gateway, MiB |\n|---:|---:|---:|"
    for made, studio, gateway in told.memory:
        yield f"| {made} | {studio:.0f} | {gateway:.0f} |"


def _of(found: Counter[str], work: str) -> Counter[str]:
    return Counter({what: times for what, times in found.items() if what.endswith(work)})


def _money(found: Counter[str]) -> str:
    each = ", ".join(f"{maker} {nusd:,}" for maker, nusd in sorted(found.items()))
    return f"{found.total():,} ({each})"


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{times} {what}" for what, times in sorted(found.items())) or "none"


_DRILLS = {"kills": kills, "crowd": crowd}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
