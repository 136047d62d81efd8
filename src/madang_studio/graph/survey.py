"""A drama as it stands in its project: the graph as far as it can be known, and each node's standing.

The graph grows in phases: what is written says which scenes, voices and translations there are; the
shots of all scenes say the rest. While the script has to be written anew, what was derived from the
old one is shown, and held back.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from madang_studio.errors import BadScript
from madang_studio.graph.expansion import SIZES, nodes_of
from madang_studio.graph.revision import FILE, script_from
from madang_studio.graph.standing import Forecast, Past, Standing, standings
from madang_studio.model.brief import Aspect, Brief
from madang_studio.model.edits import NONE, Edits
from madang_studio.model.script import Script, Shot
from madang_studio.model.work import Node
from madang_studio.store import Artefact, Project
from madang_studio.writing.shots import shots_told

WRITTEN = "script/polish"
"""The place of the script as it was written."""

_SHOTS = "shots.json"


class Survey(Struct, frozen=True, kw_only=True):
    """A drama. `standing` by place, in an order in which inputs come first.

    `whole`: the graph is known to its end, and up to date. `written` is the script as models wrote it,
    `script` as people rewrote it, if they did; both without edits of lines, people and places.
    """

    drama: str
    brief: Brief
    standing: Mapping[str, Standing]
    whole: bool
    written: Script | None = None
    script: Script | None = None
    script_content: str | None = None
    shots: tuple[Shot, ...] | None = None
    edits: Edits = NONE

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes that are known."""
        return tuple(each.node for each in self.standing.values())

    @property
    def done(self) -> bool:
        """Whether everything is there."""
        return self.whole and all(each.state == "fresh" for each in self.standing.values())


def survey(
    project: Project,
    drama: str,
    *,
    forecast: Forecast | None = None,
    sizes: Mapping[Aspect, tuple[int, int]] = SIZES,
) -> Survey:
    """Look at a drama. Raises StudioError for one that is not there, BadScript."""
    view = _View(project, drama, project.dramas.get(drama).brief, past_of(project, drama), forecast)
    first = view.judge(nodes_of(view.brief))
    last = first[WRITTEN]
    if last.artefact is None:
        return Survey(drama=drama, brief=view.brief, standing=first, whole=False)
    written = script_from(project.shelf.read(last.artefact, FILE))
    edits = project.wishes.edits(drama, last.artefact.content)
    script = edits.whole or written
    current = last.state == "fresh"
    second = view.judge(nodes_of(view.brief, written, None, edits), first, doubtful=not current)
    shots, settled = _shots(project, script, second, rewritten=edits.whole is not None)
    standing = second
    if shots is not None:
        nodes = nodes_of(view.brief, written, shots, edits, sizes)
        standing = view.judge(nodes, second, doubtful=not (current and settled))
    return Survey(
        drama=drama,
        brief=view.brief,
        standing=standing,
        whole=shots is not None and settled and current,
        written=written,
        script=script,
        script_content=last.artefact.content,
        shots=shots,
        edits=edits,
    )


def past_of(project: Project, drama: str) -> Past:
    """What a drama's project remembers of it."""
    jobs = project.jobs.of(drama)
    return Past(
        find=project.shelf.find,
        now=project.shelf.now(drama),
        picked=project.wishes.picked(drama),
        approved=project.wishes.approved(drama),
        failed={place: job.words or "" for place, job in jobs.items() if job.state == "failed"},
    )


class _View(Struct, frozen=True):
    project: Project
    drama: str
    brief: Brief
    past: Past
    forecast: Forecast | None

    def judge(
        self,
        nodes: Sequence[Node],
        known: Mapping[str, Standing] | None = None,
        *,
        doubtful: bool = False,
    ) -> dict[str, Standing]:
        """How nodes stand. `doubtful`: those that are not known are derived from what is out of date."""
        return standings(
            nodes, self.past, self.brief.gates, self.forecast, known, doubtful=doubtful
        )


def _shots(
    project: Project, script: Script, standing: Mapping[str, Standing], *, rewritten: bool
) -> tuple[tuple[Shot, ...] | None, bool]:
    """The shots of all scenes, None before all are there; and whether all are up to date.

    Old shots do not go with what people have made of a scene: there (`rewritten`) they are foretold.
    """
    scenes = [standing[f"shots/{scene.id}"] for scene in script.scenes]
    if not scenes:
        raise BadScript("The script has no scenes: there is nothing to film.")
    shots: list[Shot] = []
    for scene in scenes:
        if rewritten and scene.state != "fresh":
            shots += shots_told(scene.node.params)
        elif scene.artefact is None:
            return None, False
        else:
            shots += _read(project, scene.artefact)
    return tuple(shots), all(each.state == "fresh" for each in scenes)


def _read(project: Project, artefact: Artefact) -> list[Shot]:
    try:
        return msgspec.json.decode(project.shelf.read(artefact, _SHOTS), type=list[Shot])
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadScript(f"A scene's shots cannot be read: {error}.") from error
