"""What a step of this room leaves: one file of JSON, its facts, and what it cost."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from madang_studio.gateway import Said
from madang_studio.model.work import Made
from madang_studio.programs.disk import writing


def leave(
    folder: Path,
    name: str,
    content: Any,  # noqa: ANN401 - JSON
    facts: Mapping[str, Any],
    said: Sequence[Said] = (),
) -> Made:
    """An artefact of one file. A price that nobody knows is declared (`unpriced`), not taken for zero.

    Raises NoRoom.
    """
    with writing(folder):
        (folder / name).write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1))
    unpriced = sum(one.cost_nusd is None for one in said)
    return Made(
        folder=folder,
        files={name: name},
        facts=dict(facts) | ({"unpriced": unpriced} if unpriced else {}),
        cost_nusd=sum(one.cost_nusd or 0 for one in said),
        requests=tuple(one.request for one in said),
    )
