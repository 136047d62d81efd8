"""The file while the gateway runs: changes are taken up, a broken file changes nothing.

Looks at the file instead of asking the kernel for events: that works alike for an edited file, one
replaced by rename, and a symbolic link that is pointed elsewhere (a Kubernetes ConfigMap), on every
system and file system.
"""

from collections.abc import Mapping
from pathlib import Path

from madang.config.load import complete, load_alone, scorer_files
from madang.config.problems import ConfigError
from madang.config.settings import Settings

_Stamp = tuple[int, int, int, int] | None
_Stamps = tuple[_Stamp, ...]


class Watcher:
    """Follows one file and the scorers that it names. `settings` is the last good configuration.

    The file is read at once, so one that is broken at the start raises ConfigError.

    Call `changed` every half second or so, from one place at a time. It blocks for a `stat`, and
    for reading the file when that changed. A change counts once two calls in a row see the same
    file, so that a file in the middle of being written, or between removal and renaming, is never
    read. Without a file (None) nothing ever changes.
    """

    def __init__(self, path: Path | None, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = environ
        self._named: tuple[Path, ...] = ()
        self._fault: ConfigError | None = None
        self._read = self._seen = self._stamps()
        self.settings = self._load()

    def changed(self) -> Settings | ConfigError | None:
        """New settings to take up, a fault to report (once for each broken version), or None.

        A file that is repaired gives its settings even if they are those in force, so that the
        repair can be reported.
        """
        stamps = self._stamps()
        settled = stamps == self._seen
        self._seen = stamps
        if not settled or stamps == self._read:
            return None
        outcome = self._outcome()
        self._seen = self._stamps()
        if self._seen != stamps:  # one was written meanwhile, or others are named now
            return None
        self._read = stamps
        return self._news(outcome)

    def _news(self, outcome: Settings | ConfigError) -> Settings | ConfigError | None:
        before = self._fault
        if isinstance(outcome, ConfigError):
            self._fault = outcome
            return None if before and before.problems == outcome.problems else outcome
        self._fault = None
        if outcome == self.settings and before is None:
            return None
        self.settings = outcome
        return outcome

    def _outcome(self) -> Settings | ConfigError:
        try:
            return self._load()
        except ConfigError as error:
            return error

    def _load(self) -> Settings:
        """What the files say now. Which these are is known even if one that is named cannot be read."""
        settings = load_alone(self._path, self._environ)
        if self._path is None:
            return settings
        self._named = scorer_files(settings.models, self._path.parent)
        return complete(settings, self._path)

    def _stamps(self) -> _Stamps:
        files = () if self._path is None else (self._path, *self._named)
        return tuple([_stamp(file) for file in files])


def _stamp(file: Path) -> _Stamp:
    """What tells one version of a file from another; None when there is none to be seen."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev
