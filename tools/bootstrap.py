"""Make `.venv` and install Madang into it.

`python3 tools/bootstrap.py run` installs what serving needs, `dev` what tests and checks need too.

One rule: it runs on the bare interpreter, with nothing but the standard library and pip, and says
what to do when that is not enough. Every distribution comes from a lock file and is checked against
its hashes; Madang itself is installed from this folder, and follows it. It must parse on an old
Python (3.6), to be able to find a newer one.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
INSIDE = str(VENV / "bin" / "python")


def main() -> None:
    """Do everything, in order; exit 1 with a sentence on what to do when a step cannot be done."""
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    if kind not in ("run", "dev"):
        sys.exit("usage: python3 tools/bootstrap.py run|dev")
    if sys.version_info < OLDEST:
        continue_with_a_newer_python()
    begun = time.time()
    print("Setting up .venv, once ...", flush=True)
    if not runs(INSIDE):
        create()
    pip = find_pip()
    locks = [f"--requirement={ROOT / 'requirements' / name}.lock" for name in ("build", kind)]
    run([*pip, "install", "--no-deps", "--require-hashes", *locks])  # a lock names all of it
    run([*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    for stamp in {"run", kind}:
        (VENV / f".{stamp}").touch()
    print(f"Ready in {time.time() - begun:.0f} s.", flush=True)


def continue_with_a_newer_python() -> None:
    """Start again with the newest Python on the path that will do."""
    for name in NEWER:
        found = shutil.which(name)
        if found and runs(found):
            os.execv(found, [found, *sys.argv])  # noqa: S606 - the same script, by full path
    sys.exit(
        f"Madang needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}. "
        "Install one, or name one: make run PYTHON=python3.12"
    )


def runs(python: str) -> bool:
    """Whether an interpreter starts and is new enough; a .venv can outlive the Python it is of."""
    test = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return quiet([python, "-c", test]) == 0
    except OSError:
        return False


def create() -> None:
    """Make an empty .venv, with its own pip where Python brings one along."""
    if importlib.util.find_spec("venv") is None:
        sys.exit(advice("the module `venv`"))
    bundled = importlib.util.find_spec("ensurepip") is not None
    if not bundled and importlib.util.find_spec("pip") is None:
        sys.exit(advice("pip"))
    flags = [] if bundled else ["--without-pip"]
    run([sys.executable, "-m", "venv", "--clear", *flags, str(VENV)])


def find_pip() -> list:
    """The pip of .venv; where it has none, this interpreter's pip aimed at .venv."""
    pip = [INSIDE, "-m", "pip"]
    if quiet([*pip, "--version"]) != 0:
        pip = [sys.executable, "-m", "pip", "--python", INSIDE]
    return [*pip, "--quiet", "--disable-pip-version-check", "--no-input"]


def run(command: list) -> None:
    """Run a step whose own messages tell what is wrong."""
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit(f"Could not set up .venv: `{' '.join(command[:4])} …` failed; see above.")


def quiet(command: list) -> int:
    """The exit status of a command whose messages are of no interest."""
    nowhere = subprocess.DEVNULL
    return subprocess.run(command, check=False, stdout=nowhere, stderr=nowhere).returncode


def advice(missing: str) -> str:
    """What to install when Python came without one of its parts."""
    return (
        f"This Python ({sys.executable}) comes without {missing}. Install it "
        "(Debian, Ubuntu: apt install python3-venv python3-pip; Fedora: dnf install python3-pip), "
        "or name another: make run PYTHON=python3.12"
    )


if __name__ == "__main__":
    main()
