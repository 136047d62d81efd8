"""The house style, measured. What these rules say is why the source can be read from its listing.

An exception is a row of a table below, with its reason.
"""

import ast
from pathlib import Path

import pytest
from style_source import PROGRAMS, ROOT, SOURCE, Function, functions, modules, nodes

MAX_FUNCTION_LINES = 50
MAX_FILE_LINES = 400
MAX_PARAMETERS = 7

DRAWERS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "shared"}

# (file, module imported inside a function): why it cannot stand at the top
LATE_IMPORTS: dict[tuple[str, str], str] = {
    ("src/madang/cli/up.py", "madang.drills.playground"): (
        "a gateway with providers starts faster and smaller without the simulator"
    ),
    ("src/madang/drills/simulator/media/desk.py", "madang.drills.simulator.media.seals"): (
        "the playground serves without the cryptography library, which only webhooks need"
    ),
    ("src/madang/wire/media/signatures.py", "madang.wire.media.ed25519"): (
        "a gateway that gets no such webhook need not carry the cryptography library"
    ),
    ("src/madang/state/vault/vault.py", "madang.state.vault"): (
        "a gateway that stores no provider's key need not carry the cryptography library"
    ),
}

# (file, what is called while it is imported): why this is no work
CALLS_AT_IMPORT: dict[tuple[str, str], str] = {
    ("src/madang/drills/simulator/tokens.py", "map"): "a table of 256 entries, computed",
    (
        "src/madang/drills/simulator/brain/story.py",
        "pieces",
    ): "a story of a few sentences, cut once",
}

# What any module may call while it is imported, as it only makes a value. So do classes (CapWords).
MAKES_A_VALUE = {
    *("frozenset", "set", "dict", "tuple", "list", "range", "bytes", "sorted", "len", "max", "min"),
    *("re.compile", "field", "msgspec.field", "partial", "attrgetter", "getattr", "encode"),
    *("join", "split"),
    *("items", "values", "keys", "namedtuple", "getLogger", "cast", "type", "get_args"),
    *("date", "toordinal", "timedelta", "maketrans", "replace", "click.option", "click.argument"),
}


def _report(faults: list[str]) -> None:
    assert not faults, "\n".join(["", *faults])


def test_a_function_has_at_most_50_lines():
    _report(
        [
            f"{file}:{function.lineno} {function.name} has {_lines(function)} lines"
            for file, tree in modules(*PROGRAMS).items()
            for function in functions(tree)
            if _lines(function) > MAX_FUNCTION_LINES
        ]
    )


def test_a_file_has_at_most_400_lines():
    files = [file for room in (*PROGRAMS, ROOT / "tests") for file in room.rglob("*.py")]
    sizes = {file: file.read_text().count("\n") for file in files}
    _report([f"{file} has {size} lines" for file, size in sizes.items() if size > MAX_FILE_LINES])


def test_a_function_takes_at_most_7_parameters():
    _report(
        [
            f"{file}:{function.lineno} {function.name} takes {len(_parameters(function))}"
            for file, tree in modules(*PROGRAMS).items()
            for function in functions(tree)
            if len(_parameters(function)) > MAX_PARAMETERS
        ]
    )


def test_no_function_imports():
    found = {
        (file, name): f"{file}:{node.lineno} imports {name} inside {function.name}"
        for file, tree in modules(SOURCE).items()
        for function in functions(tree)
        for node in ast.walk(function)
        for name in _imported(node)
    }
    _report([fault for place, fault in found.items() if place not in LATE_IMPORTS])
    _report([f"{place} is not needed any more" for place in LATE_IMPORTS if place not in found])


def test_no_module_is_a_drawer():
    """A name that says what is inside; never a place for what has no place, or a second version."""
    words = {file: set(Path(file).stem.split("_")) for file in modules(*PROGRAMS)}
    _report(
        [file for file, parts in words.items() if parts & DRAWERS or parts & {"v2", "v3", "new"}]
    )


def test_no_exception_is_swallowed():
    """An `except` does something; `suppress` names what it expects."""
    _report(
        [
            f"{file}:{node.lineno}"
            for file, tree in modules(*PROGRAMS).items()
            for node in nodes(tree)
            if (isinstance(node, ast.ExceptHandler) and all(map(_does_nothing, node.body)))
            or (isinstance(node, ast.Call) and _suppresses_everything(node))
        ]
    )


def test_no_function_changes_a_global():
    _report(
        [
            f"{file}:{node.lineno} {', '.join(node.names)}"
            for file, tree in modules(*PROGRAMS).items()
            for node in nodes(tree)
            if isinstance(node, ast.Global)
        ]
    )


def test_importing_a_module_does_no_work():
    """At the top of a module values are made and names are bound; nothing loops, reads or asks."""
    found = {
        (file, _name(node)): f"{file}:{node.lineno} {ast.unparse(node)[:60]}"
        for file, tree in modules(SOURCE).items()
        for node in _run_by_import(tree)
        if _works(node)
    }
    _report([fault for place, fault in found.items() if place not in CALLS_AT_IMPORT])
    _report([f"{place} is not needed any more" for place in CALLS_AT_IMPORT if place not in found])


@pytest.mark.parametrize(
    ("source", "works"),
    [
        ("x = open('f')", True),
        ("x = Path('f').read_text()", True),
        ("for x in y: pass", True),
        ("print(1)", True),
        ("class A:\n    x = os.environ.get('A')", True),
        ("def f(x=time.time()): pass", True),
        ("x = [Row(1), Row(2)]", False),
        ("x = re.compile('a')", False),
        ("def f():\n    print(1)", False),
        ("@decorate(1)\nclass A:\n    x: int = field(default=1)", False),
        ("if __name__ == '__main__':\n    main()", False),
    ],
)
def test_the_rule_on_imports_tells_work_from_values(source, works):
    assert any(_works(node) for node in _run_by_import(ast.parse(source))) is works


def _lines(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in named if argument.arg not in ("self", "cls")]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "."] if isinstance(node, ast.ImportFrom) else []


def _does_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _suppresses_everything(node: ast.Call) -> bool:
    everything = {"Exception", "BaseException"}
    named = {ast.unparse(argument) for argument in node.args}
    return _name(node).endswith("suppress") and (not named or bool(named & everything))


def _run_by_import(tree: ast.Module) -> list[ast.AST]:
    """Every node that runs when the module is imported: all but function bodies and decorators."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, Function):
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.ClassDef):
            waiting += node.body
        elif not isinstance(node, ast.Lambda) and not _only_for_scripts_and_types(node):
            waiting += ast.iter_child_nodes(node)
    return found


def _only_for_scripts_and_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and any(
        name in ast.unparse(node.test) for name in ("__name__", "TYPE_CHECKING")
    )


def _works(node: ast.AST) -> bool:
    if isinstance(node, ast.For | ast.While | ast.With):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    return isinstance(node, ast.Call) and not _makes_a_value(node)


def _makes_a_value(node: ast.Call) -> bool:
    name = _name(node)
    last = name.rpartition(".")[2]
    return last.lstrip("_")[:1].isupper() or name in MAKES_A_VALUE or last in MAKES_A_VALUE


def _name(node: ast.AST) -> str:
    """What is called; of another statement its kind."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else type(node).__name__
