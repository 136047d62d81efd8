"""Configuration: the file, the environment, and what they mean.

`settings` and the records of its `sections` say what can be written, `parsing` and `rules` what is
wrong with what was written; `load` reads a file, `watch` reads it again, `detect` does without one.
"""

from madang.config.detect import detect
from madang.config.load import load, parse
from madang.config.problems import ConfigError, Problem
from madang.config.rules import references
from madang.config.settings import Settings
from madang.config.watch import Watcher

__all__ = [
    "ConfigError",
    "Problem",
    "Settings",
    "Watcher",
    "detect",
    "load",
    "parse",
    "references",
]
