"""What people may do with a drama, from any process: each writes to the store, and a runner follows.

All raise StudioError for a drama or place that is not there.
"""

from collections.abc import Sequence

from madang_studio.errors import StudioError
from madang_studio.graph.gates import shown_at
from madang_studio.graph.survey import Survey, survey
from madang_studio.model.brief import Gate
from madang_studio.model.edits import LineEdit
from madang_studio.model.script import Character, Place
from madang_studio.store import Project


def pause(project: Project, drama: str) -> bool:
    """Begin nothing new; what runs is finished. False: it was not going."""
    project.dramas.get(drama)
    return _told(project, drama, project.dramas.put(drama, "paused", of=("going",)), "paused")


def resume(project: Project, drama: str, *, pay_again: bool = False) -> list[str]:
    """Go on, also after a failure or a cancellation: what had failed is tried again.

    What was charged, or may have been, and made nothing is asked for again only with `pay_again`: the
    places that stay as they are.
    """
    project.dramas.get(drama)
    project.jobs.forgive(drama, pay_again=pay_again)
    project.dramas.put(drama, "going")
    project.events.tell(drama, "going")
    return project.jobs.in_vain(drama)


def cancel(project: Project, drama: str) -> bool:
    """Give up: also what runs is let go. What was made stays. False: it was over."""
    project.dramas.get(drama)
    over = project.dramas.put(
        drama, "cancelled", of=("going", "waiting", "paused", "blocked", "failed")
    )
    return _told(project, drama, over, "cancelled")


def approve(project: Project, drama: str, gate: Gate, places: Sequence[str] | None = None) -> int:
    """Approve what a gate shows now (or some of its places); how much that was."""
    seen = survey(project, drama)
    shown = shown_at(gate, seen.nodes)
    for place in places or ():
        if place not in shown:
            raise StudioError(f"The gate {gate} of drama {drama} does not show {place}.")
    contents = [
        (place, seen.standing[place].content or "")
        for place in places or shown
        if seen.standing[place].state == "fresh"
    ]
    project.wishes.approve(drama, contents)
    project.dramas.go_on(drama)
    project.events.tell(drama, "approved", None, f"{gate}: {len(contents)}")
    return len(contents)


def retake(project: Project, drama: str, place: str) -> int:
    """Have a place made anew; the number of the take. Earlier ones are kept."""
    _known(survey(project, drama), place)
    number = project.wishes.retake(drama, place)
    project.dramas.go_on(drama)
    return number


def pick(project: Project, drama: str, place: str, stamp: str | None) -> None:
    """Keep a version of a place whatever becomes of what it was made of; None: as the graph says."""
    _known(survey(project, drama), place)
    if stamp is not None and stamp not in {it.stamp for it in project.shelf.versions(drama, place)}:
        raise StudioError(f"{place} of drama {drama} has no version {stamp}.")
    project.wishes.pick(drama, place, stamp)
    project.dramas.go_on(drama)


def use_model(project: Project, drama: str, place: str, model: str) -> None:
    """Have one clip or voice made by another model."""
    node = _known(survey(project, drama), place)
    if "model" not in node.standing[place].node.params:
        raise StudioError(f"{place} is made by no model that could be chosen.")
    project.wishes.use_model(drama, place, model)
    project.dramas.go_on(drama)


def edit_line(project: Project, drama: str, line: str, edit: LineEdit) -> None:
    """Change what a line says, or how it is said."""
    seen = survey(project, drama)
    if seen.script is None or line not in {
        it.id for scene in seen.script.scenes for it in scene.lines
    }:
        raise StudioError(f"Drama {drama} has no line {line}.")
    project.wishes.edit_line(drama, seen.script_content or "", line, edit)
    project.dramas.go_on(drama)


def edit_character(project: Project, drama: str, character: Character) -> None:
    """Change somebody's entry of the bible."""
    seen = survey(project, drama)
    if seen.script is None or character.name not in {it.name for it in seen.script.characters}:
        raise StudioError(f"Drama {drama} has no character {character.name}.")
    project.wishes.edit_character(drama, seen.script_content or "", character)
    project.dramas.go_on(drama)


def edit_place(project: Project, drama: str, place: Place) -> None:
    """Change where scenes happen."""
    seen = survey(project, drama)
    if seen.script is None or place.name not in {it.name for it in seen.script.places}:
        raise StudioError(f"Drama {drama} has no place {place.name}.")
    project.wishes.edit_place(drama, seen.script_content or "", place)
    project.dramas.go_on(drama)


def _known(seen: Survey, place: str) -> Survey:
    if place not in seen.standing:
        raise StudioError(f"Drama {seen.drama} has no {place}.")
    return seen


def _told(project: Project, drama: str, changed: bool, what: str) -> bool:  # noqa: FBT001 - a fact
    if changed:
        project.events.tell(drama, what)
    return changed
