"""A runner as a process of its own, to be killed: `python studio_worker.py PROJECT URL`."""

import sys
from pathlib import Path

from studio_stand import benches

from madang_studio.runner import Conductor
from madang_studio.store import Project


def main():
    project = Project(Path(sys.argv[1]))
    runner = Conductor(project, benches(sys.argv[2]))
    runner.start()
    runner.wait()
    runner.stop()


if __name__ == "__main__":
    main()
