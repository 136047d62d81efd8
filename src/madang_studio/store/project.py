"""A project: a folder that holds everything of its dramas, and can be carried elsewhere as it is."""

import time
from pathlib import Path

from madang_studio.errors import StudioError
from madang_studio.store.database import Database
from madang_studio.store.dramas import Dramas
from madang_studio.store.events import Events
from madang_studio.store.jobs import Jobs
from madang_studio.store.money import Money
from madang_studio.store.objects import Objects, room
from madang_studio.store.shelf import Shelf
from madang_studio.store.wishes import Wishes

_DATABASE = "studio.db"


class Project:
    """A project's folder, made where it is not there (`create`), else opened. Raises StudioError.

    `dramas`: what is wanted and how it stands. `wishes`: edits, retakes, approvals. `shelf`:
    artefacts, and what stands at which place. `jobs`: what is being made. `money`: what was paid.
    `events`: what happened. Any number of threads and processes may use it at once.
    """

    def __init__(self, root: Path, *, create: bool = False) -> None:
        if not create and not (root / _DATABASE).exists():
            raise StudioError(f"{root} is no studio project: `madang studio init` makes one.")
        root = root.absolute()  # programs run in folders of their own
        with room(root):
            root.mkdir(parents=True, exist_ok=True)
            objects = Objects(root)
        self.root = root
        self.objects = objects
        self._database = Database(root / _DATABASE)
        self.dramas = Dramas(self._database, time.time)
        self.wishes = Wishes(self._database, time.time)
        self.shelf = Shelf(self._database, objects, time.time)
        self.jobs = Jobs(self._database, time.time)
        self.money = Money(self._database, time.time)
        self.events = Events(self._database, time.time)

    def close(self) -> None:
        """Let go of the database; nothing of this project may be in use."""
        self._database.close()
