"""The source as the style tests see it: files by folder, parsed."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "madang"
PROGRAMS = (SOURCE, ROOT / "src" / "madang_studio", ROOT / "bench", ROOT / "tools")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules(*folders: Path) -> dict[str, ast.Module]:
    """The Python files below some folders, by their path from the root, parsed."""
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    return {str(file.relative_to(ROOT)): _parsed(file) for file in files}


@cache
def nodes(tree: ast.Module) -> list[ast.AST]:
    """Every node of a file: walked once for all tests."""
    return [*ast.walk(tree)]


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function and method of a file, those inside others too."""
    return (node for node in nodes(tree) if isinstance(node, Function))


def tracked_files() -> list[Path]:
    """The files of the repository; outside a clone, all that are not hidden or made by tools."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode == 0:
        names = [name for name in listing.stdout.split("\0") if name]
        return [ROOT / name for name in names if (ROOT / name).is_file()]
    parts_of = {file: file.relative_to(ROOT).parts for file in ROOT.rglob("*") if file.is_file()}
    return [file for file, parts in parts_of.items() if not any(_made(part) for part in parts)]


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def _made(part: str) -> bool:
    return part.startswith(".") or part in ("__pycache__", "node_modules", "dist")
