"""The tests as pytest collects them: all rooms together, by the names of their modules."""

from collections import Counter

from style_source import ROOT


def test_a_module_of_tests_has_a_name_of_its_own():
    """Rooms are no packages: of two modules of one name only the first would be imported."""
    folders = [ROOT / "tests", *(path for path in (ROOT / "tests").rglob("*") if path.is_dir())]
    rooms = [folder for folder in folders if not (folder / "__init__.py").is_file()]
    names = Counter(file.name for room in rooms for file in room.glob("*.py"))
    twice = [name for name, count in names.items() if count > 1 and name != "conftest.py"]
    assert not twice
