"""`madang whatif` and `import usage`: from a home folder, a running gateway, an import and a file."""

import json

import pytest
from cli_gateway import ask

CSV = """time,model,input_tokens,output_tokens,cost
2026-09-02T00:00:00Z,gpt-4.1,1000,100,0.0028
2026-09-01T00:00:00Z,openai/gpt-4.1-2025-04-14,1000,100,0.0028
yesterday,gpt-4.1,1,1,1
"""


@pytest.fixture(scope="module")
def places(gateway):
    """Where to look, after two questions were answered."""
    for text in ("one", "two"):
        assert ask(gateway, gateway.key, text)[0] == 200
    return {
        "home": ("--home", gateway.home),
        "url": ("--url", gateway.url, "--key", gateway.key),
    }


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "october.csv"
    path.write_text(CSV)
    return path


def test_the_same_configuration_changes_nothing(told, places):
    found = told("whatif", *places["home"])
    assert found["total"]["requests"] >= 2
    assert found["total"]["difference_nusd"] == 0
    assert found["total"]["compared_requests"] == found["total"]["requests"]


@pytest.mark.parametrize("place", ["home", "url"])
def test_a_mix_is_priced_in_both_places(told, places, place):
    found = told(
        "whatif", "--mix", "deepseek-v3.2=1", "--latency", "deepseek-v3.2=320/900", *places[place]
    )
    assert found["moved_requests"] == found["total"]["requests"]
    row = next(row for row in found["by_model"] if row["model"] == "deepseek-v3.2")
    assert (row["now_requests"], row["p50_us"]) == (found["moved_requests"], 320_000)
    assert 0 < found["total"]["now_nusd"] < found["total"]["then_nusd"]


def test_another_configuration_is_followed_and_its_limits_are_told(told, places, tmp_path):
    path = tmp_path / "tomorrow.yaml"
    path.write_text(
        "providers: {openai: {api_key: k}}\n"
        "models: {gpt-4.1: {targets: [openai/gpt-4.1-mini]}}\n"
        "limits: [{scope: total, rpd: 1}]\n"
    )
    found = told("whatif", "--config", path, *places["home"])
    assert found["limits"]["refused_requests"] == found["total"]["requests"] - 1
    asked = {row["model"] for row in found["by_model"] if row["now_requests"]}
    assert "gpt-4.1-mini" in asked  # beside what other tests have asked of this gateway
    assert "gpt-4.1" not in asked


def test_people_read_figures_and_what_is_assumed(madang, places):
    result = madang(
        "whatif", "--map", "gpt-4.1=gpt-4.1-mini", "--cache-hit-rate", "0.5", *places["home"]
    )
    assert result.exit_code == 0, result.output
    assert "difference -$0." in result.stdout
    assert "A month of 30 days" in result.stdout
    assert "Assumed:" in result.stdout


def test_a_csv_file_is_imported_and_replayed(madang, told, csv):
    made = told("import", "usage", csv, "--name", "old")
    assert (made["rows"], made["unread_rows"], made["cost_nusd"]) == (2, 1, 5_600_000)
    assert made["faults"][0]["line"] == 4
    kept = told("whatif", "--import", "old", "--map", "gpt-4.1=gpt-4.1-mini")
    assert (kept["from"], kept["to"], kept["month"]["days_used"]) == ("2026-09-01", "2026-09-02", 2)
    assert (kept["total"]["then_nusd"], kept["total"]["now_nusd"]) == (5_600_000, 1_120_000)
    direct = told("whatif", "--usage", csv, "--map", "gpt-4.1=gpt-4.1-mini")
    assert (direct["total"], direct["unread_lines"]) == (kept["total"], 1)
    assert madang("import", "usage", csv, "--name", "old").exit_code == 1
    assert told("whatif", "--import", "old", "--from", "2026-09-02")["total"]["requests"] == 1


def test_an_import_is_not_in_the_ledger(madang, told, csv, tmp_path):
    assert madang("import", "usage", csv).exit_code == 0
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["imports"]


def test_what_was_not_understood_is_told_on_standard_error(madang, csv):
    result = madang("import", "usage", csv)
    assert "line 4: a time is such as" in result.stderr
    assert "october: 2 requests" in result.stdout


@pytest.mark.parametrize(
    "line",
    [
        "whatif --mix gpt-4.1",
        "whatif --map a",
        "whatif --cache-hit-rate 2",
        "whatif --latency gpt-4.1=fast",
        "whatif --import a --usage {csv}",
        "whatif --from 2026-11-02 --to 2026-11-01",
        "whatif --usage {csv} --zone Mars",
        "import usage {csv} --map-columns when=time",
        "import usage {csv} --name ../x",
        "import usage {csv} --format litellm",
        "import usage nowhere.csv",
    ],
)
def test_what_makes_no_sense_ends_with_2(madang, csv, line):
    result = madang(*line.format(csv=csv).split())
    assert result.exit_code == 2, result.output
    assert "Error: " in result.stderr


@pytest.mark.parametrize(
    "line", ["whatif --mix gpt-nothing=1", "whatif --import nowhere", "whatif"]
)
def test_what_is_not_there_ends_with_1(madang, line):
    result = madang(*line.split())
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output


def test_the_same_question_has_the_same_answer(madang, csv):
    first, again = (
        madang("whatif", "--usage", csv, "--mix", "gpt-4.1=1,gpt-5=1", "--json") for _ in "ab"
    )
    assert json.loads(first.stdout) == json.loads(again.stdout)
