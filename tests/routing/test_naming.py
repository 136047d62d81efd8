"""Names that stand for a choice: tasks, `auto` and its tiers, rules, and the region that is near."""

import pytest
from test_directory import ANTHROPIC, CATALOG, GEMINI, OPENAI

from madang.config.sections.models import Model
from madang.config.sections.routes import Rule, Task, Tiers, When
from madang.errors import ProviderFailed, UnknownModel
from madang.routing.board import Board
from madang.routing.conditions import Facts, holds
from madang.routing.names.built_in_tasks import BUILT_IN
from madang.routing.names.choices import Ways
from madang.routing.names.directory import Directory
from madang.routing.names.serving import Serving
from madang.routing.plan import propose
from madang.routing.route import Route


def directory(*servings: Serving, models=None, **ways) -> Directory:
    return Directory(models or {}, CATALOG, servings, Ways(**ways))


def models_of(route: Route) -> list[str]:
    return [target.model for target in route.targets]


def test_a_task_leads_to_the_targets_of_all_its_candidates() -> None:
    task = Task(("gpt-4.1", "claude-sonnet-4"), "cost")
    route = directory(OPENAI, ANTHROPIC, tasks={"script": task}).resolve("task:script", "chat")
    assert models_of(route) == ["gpt-4.1", "claude-sonnet-4-20250514"]
    assert (route.task, route.prefer, route.name) == ("script", "cost", "task:script")


def test_candidates_of_ones_own_task_have_to_be_served_and_those_of_a_built_in_one_need_not() -> (
    None
):
    task = Task(("gpt-4.1", "claude-sonnet-4"))
    with pytest.raises(UnknownModel, match="claude-sonnet-4"):
        directory(OPENAI, tasks={"mine": task}).resolve("task:mine", "chat")
    assert models_of(directory(OPENAI).resolve("task:script", "chat")) == ["gpt-4.1"]
    with pytest.raises(UnknownModel, match="No configured provider"):
        directory(GEMINI).resolve("task:creative", "chat")


def test_an_unknown_task_names_those_that_there_are() -> None:
    with pytest.raises(UnknownModel, match=r"There is no task `paint`.*vision"):
        directory(OPENAI).resolve("task:paint", "chat")


def test_every_set_of_the_requirements_is_built_in_and_its_models_are_in_the_catalogue() -> None:
    sets = (
        "reasoning creative fast simple standard advanced reasoning chat general batch vision"
        " script dialogue translate polish"
    )
    assert set(sets.split()) == set(BUILT_IN)
    names = {name for task in BUILT_IN.values() for name in task.candidates}
    assert all(CATALOG.find(name) is not None for name in names)


def test_auto_leads_to_the_tiers_of_the_configuration() -> None:
    tiers = Tiers(simple="gemini-2.5-flash", complex="claude-sonnet-4")
    found = directory(GEMINI, ANTHROPIC, models={"auto": Model(tiers=tiers)})
    route = found.resolve("auto", "chat")
    assert [one.name for one in route.tiers] == [
        "gemini-2.5-flash",
        "claude-sonnet-4",
        "claude-sonnet-4",
    ]
    assert len(route.targets) == 2


def test_auto_without_a_configuration_leads_to_built_in_tasks_that_are_served() -> None:
    route = directory(GEMINI, ANTHROPIC).resolve("auto", "chat")
    assert [one.task for one in route.tiers] == ["simple", "standard", "advanced"]
    with pytest.raises(UnknownModel, match="`auto` does not exist"):
        directory().resolve("auto", "chat")


def test_a_rule_has_the_models_own_targets_behind_it_unless_it_is_the_only_one() -> None:
    for only, behind in ((False, ["gpt-4.1"]), (True, [])):
        rule = Rule(When(stream=True), ("gemini-2.5-flash",), only)
        model = Model(targets=("openai/gpt-4.1",), rules=(rule,))
        route = directory(OPENAI, GEMINI, models={"m": model}).resolve("m", "chat")
        (made,) = route.rules
        assert models_of(made.route) == ["gemini-2.5-flash"]
        assert [t.model for one in made.route.fallbacks for t in one.targets] == behind
        assert {target.model for target in route.every_target()} == {"gpt-4.1", "gemini-2.5-flash"}


FACTS = Facts({"team": "search", "env": "prod"}, "high", "kr", stream=True, tools=False)


@pytest.mark.parametrize(
    ("when", "is_true"),
    [
        (When(tag={"team": "search"}), True),
        (When(tag={"team": "search", "env": "test"}), False),
        (When(priority="high", region="kr"), True),
        (When(priority="low"), False),
        (When(region="eu"), False),
        (When(stream=True, tools=False), True),
        (When(tools=True), False),
    ],
)
def test_a_rule_holds_where_all_of_it_is_true(when: When, is_true: bool) -> None:
    assert holds(when, FACTS) is is_true


def test_near_regions_come_first_then_those_listed_then_the_others() -> None:
    places = (("us", "us"), ("jp", "jp"), ("kr", "kr"), ("nowhere", None))
    servings = [Serving(name, ("chat",), region=region) for name, region in places]
    model = Model(targets=tuple(f"{name}/m" for name, _ in places))
    found = directory(*servings, models={"m": model}, region="kr", near=("jp",))
    plan = propose(found.resolve("m", "chat"), Board(), 0.0, 0.0)
    names = [next(plan).provider] + [plan.send(ProviderFailed("x")).provider for _ in range(3)]
    assert names == ["kr", "jp", "us", "nowhere"]
