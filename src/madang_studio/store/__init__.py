"""A project on disk: artefacts in a folder under what they are made of, all else in one database."""

from madang_studio.store.objects import Artefact, Recipe
from madang_studio.store.project import Project

__all__ = ["Artefact", "Project", "Recipe"]
