"""`madang import litellm`: from a file to a file that a gateway takes."""

import json
from pathlib import Path

EVERYDAY = Path(__file__).parents[1] / "migration" / "litellm_everyday.yaml"


def test_what_it_writes_is_what_doctor_takes(madang, tmp_path):
    """Up to the providers themselves: nothing listens at that address."""
    theirs, ours = tmp_path / "config.yaml", tmp_path / "madang.yaml"
    entry = {"model": "openai/m", "api_base": "http://127.0.0.1:9/v1", "api_key": "os.environ/K"}
    theirs.write_text(json.dumps({"model_list": [{"model_name": "m", "litellm_params": entry}]}))
    made = madang("import", "litellm", theirs, "--out", ours)
    assert made.exit_code == 0, made.output
    told = madang("doctor", "--config", ours, "--json", environ={"K": "sk-x"})
    findings = {one["what"]: one for one in json.loads(told.stdout)["findings"]}
    assert findings["configuration"]["state"] == "ok"


def test_the_report_is_apart_from_the_configuration(madang):
    made = madang("import", "litellm", EVERYDAY)
    assert made.stdout.startswith("# Made from litellm_everyday.yaml")
    assert "not carried line 33" in made.stderr
    assert "AZURE_API_KEY_EU" in made.stderr
    assert "in-the-clear" not in made.output


def test_a_file_that_is_there_is_left_alone(madang, tmp_path):
    ours = tmp_path / "madang.yaml"
    ours.write_text("somebody's work")
    made = madang("import", "litellm", EVERYDAY, "--out", ours)
    assert made.exit_code == 1
    assert ours.read_text() == "somebody's work"


def test_json_tells_every_row(told):
    made = told("import", "litellm", EVERYDAY)
    assert {row["verdict"] for row in made["rows"]} == {"carried", "changed", "left"}
    assert {one["name"] for one in made["variables"]} >= {"OPENAI_API_KEY", "GEMINI_API_KEY"}


def test_what_is_no_file_or_no_yaml_is_told(madang, tmp_path):
    nothing = madang("import", "litellm", tmp_path / "nothing.yaml").output
    assert "nothing.yaml cannot be read: No such file" in nothing
    broken = tmp_path / "config.yaml"
    broken.write_bytes(b"\xff\xfe")
    assert "UTF-8" in madang("import", "litellm", broken).output
