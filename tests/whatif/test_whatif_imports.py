"""Files of other systems: what is understood, and what is refused with its line."""

import io
from datetime import UTC

import pytest

from madang.errors import Conflict, InvalidRequest, NotFound
from madang.whatif.imports import cells
from madang.whatif.imports.formats import read_given
from madang.whatif.imports.kept import keep, kept
from madang.whatif.imports.reading import Layout, UsageFile
from madang.whatif.imports.sorting import in_order

SEPTEMBER = 1_788_220_800_000_000  # 2026-09-01T00:00Z

TOKEN = "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"
LITELLM = f"""request_id,api_key,spend,prompt_tokens,completion_tokens,startTime,endTime,model,user,team_id,status
r1,{TOKEN},0.0123456789,1000,200,2026-09-01 00:00:00.250,2026-09-01 00:00:02.250,gpt-4.1-2025-04-14,ann,search,success
r2,k,0,7,0,2026-09-01 00:00:01,2026-09-01 00:00:01,gpt-4.1,,,failure
"""
OPENROUTER = (
    "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,"
    "model_permaslug,provider_name,generation_time_ms,api_key_name,app_name\n"
    "gen-1,2026-09-01T00:00:00Z,1.5e-05,900,50,20,100,anthropic/claude-sonnet-4,Anthropic,1500,mine,Editor\n"
)
OPENAI = """start_time,end_time,project_id,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens
1788220800,1788307200,proj,3.0,gpt-4.1-2025-04-14,1000.0,10.0,2.0
"""
HELICONE = """request_id,request_created_at,model,provider,prompt_tokens,completion_tokens,cost,delay_ms,request_user_id
h1,2026-09-01T09:00:00+09:00,gpt-4.1,OPENAI,5,6,0.5,20,bob
"""
GENERIC = "time,model,input_tokens,output_tokens,cost\n"


@pytest.fixture
def read(catalog):
    """Reads a text as a CSV file; gives its rows and the file."""

    def read(text, **layout):
        file = UsageFile(io.StringIO(text, newline=""), Layout(**layout), catalog)
        return list(file.rows()), file

    return read


def test_litellms_spend_logs_are_understood(read):
    (first, failed), file = read(LITELLM)
    assert file.columns.format == "litellm"
    assert (first.request_id, first.at_us, first.latency_us) == (
        "r1",
        SEPTEMBER + 250_000,
        2_000_000,
    )
    assert (first.model, first.provider, first.cost_nusd) == ("gpt-4.1", "openai", 12_345_679)
    assert (first.input_tokens, first.output_tokens) == (1_000, 200)
    assert first.tags == '{"user":"ann","team":"search"}'
    assert (failed.outcome, failed.cost_nusd) == ("failed", 0)


def test_openrouters_activity_is_understood(read):
    (row,), file = read(OPENROUTER)
    assert file.columns.format == "openrouter"
    assert (row.model, row.cost_nusd, row.latency_us) == ("claude-sonnet-4", 15_000, 1_500_000)
    assert (row.cache_read_tokens, row.reasoning_tokens, row.key_id) == (100, 20, "mine")


def test_openais_sums_become_as_many_requests_with_the_same_sums(read):
    rows, file = read(OPENAI)
    assert file.columns.format == "openai"
    assert [row.input_tokens for row in rows] == [333, 333, 334]
    assert sum(row.output_tokens for row in rows) == 10
    assert sum(row.cache_read_tokens for row in rows) == 2
    assert len({row.request_id for row in rows}) == 3
    assert {row.cost_nusd for row in rows} == {None}


def test_helicones_requests_are_understood_in_their_zone(read):
    (row,), file = read(HELICONE)
    assert file.columns.format == "helicone"
    assert (row.at_us, row.cost_nusd, row.latency_us) == (SEPTEMBER, 500_000_000, 20_000)


def test_columns_may_be_named(read):
    text = "when,engine,in,out,usd\n2026-09-01T00:00:00Z,gpt-4.1,1,2,3\n"
    given = read_given("time=when,model=engine,input=in,output=out,cost=usd")
    (row,), _ = read(text, given=given)
    assert (row.at_us, row.input_tokens, row.cost_nusd) == (SEPTEMBER, 1, 3_000_000_000)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "time,model,input_tokens\n"])
def test_a_file_without_the_columns_says_which_are_missing(read, text):
    with pytest.raises(InvalidRequest):
        read(text)


@pytest.mark.parametrize("text", ["time", "when=x", "time=nowhere"])
def test_columns_that_are_not_there_are_refused(read, text):
    with pytest.raises(InvalidRequest):
        read(GENERIC, given=read_given(text))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('2026-09-01,gpt-4.1,10,5,"1,5"', "comma"),
        ('2026-09-01,gpt-4.1,"1,000",5,1', "comma"),
        ("2026-09-01,gpt-4.1,-1,5,1", "below zero"),
        ("2026-09-01,gpt-4.1,1,5,-0.01", "below zero"),
        ("2026-09-01,gpt-4.1,1,5,NaN", "no number"),
        ("2026-09-01,gpt-4.1,1,5,1e999999", "no number"),
        ("2026-09-01,gpt-4.1,1,5,2000000", "more than"),
        ("2026-09-01,gpt-4.1,1.5,5,1", "whole number"),
        ("2026-09-01,gpt-4.1,99999999999,5,1", "more than"),
        ("09/01/2026,gpt-4.1,1,5,1", "a time is such as"),
        ("9999-01-01,gpt-4.1,1,5,1", "century"),
        ("2026-09-01,,1,5,1", "names no model"),
        ("2026-09-01,gpt-4.1,1,=1+1,1", "no number"),
        ("2026-09-01,gpt-4.1", "cells"),
    ],
)
def test_a_row_that_is_not_understood_is_told_with_its_line_and_left_out(read, row, why):
    good = "2026-09-01,gpt-4.1,10,5,1\n"
    rows, file = read(f"{GENERIC}{good}{row}\n{good}")
    assert (len(rows), file.unread) == (2, 1)
    assert file.faults[0].line == 3
    assert why in file.faults[0].reason


def test_only_the_first_faults_are_kept_and_all_are_counted(read):
    rows, file = read(GENERIC + "x,gpt-4.1,1,1,1\n" * 500)
    assert (rows, file.unread, len(file.faults)) == ([], 500, 20)


def test_quoted_line_breaks_marks_and_other_delimiters_are_no_trouble(read):
    text = (
        'time;note;model;input_tokens;output_tokens\r\n2026-09-01;"a;\r\nb ""c""";gpt-4.1;1;2\r\n'
    )
    (row,), _ = read(text)
    assert (row.input_tokens, row.output_tokens) == (1, 2)


def test_a_byte_order_mark_is_no_part_of_the_first_name(catalog, tmp_path):
    path = tmp_path / "u.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (GENERIC + "2026-09-01,gpt-4.1,1,2,3\n").encode())
    with path.open(encoding="utf-8-sig", newline="") as lines:
        assert len(list(UsageFile(lines, Layout(), catalog).rows())) == 1


def test_what_is_no_text_is_refused(catalog, tmp_path):
    path = tmp_path / "u.csv"
    path.write_bytes(GENERIC.encode("utf-16"))
    with path.open(encoding="utf-8-sig", newline="") as lines, pytest.raises(InvalidRequest):
        UsageFile(lines, Layout(), catalog)


def test_formulas_and_control_characters_are_texts(read):
    text = GENERIC.replace("cost", "user") + "2026-09-01,gpt-4.1,1,2,=cmd|' /C calc'!A0\x1b[2J\n"
    (row,), _ = read(text)
    assert "=cmd" in row.tags
    assert "\x1b" not in row.tags
    assert "u001b" not in row.tags


def test_of_a_secret_only_the_beginning_is_kept(read):
    text = GENERIC.replace("cost", "key") + "2026-09-01,gpt-4.1,1,2,sk-proj-0123456789abcdefghij\n"
    (row,), _ = read(text)
    assert row.key_id == "sk-proj-…"


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-09-01T00:00:00Z", "UTC"),
        ("2026-09-01 00:00:00 UTC", "+09:00"),
        ("2026-09-01 00:00:00+00", "UTC"),
        ("2026-09-01 09:00:00", "Asia/Seoul"),
        ("2026-08-31 19:00", "-05:00"),
        ("1788220800", "Asia/Seoul"),
        ("1788220800000", "UTC"),
        ("1788220800000000", "UTC"),
    ],
)
def test_moments_are_read_in_all_their_forms(text, zone):
    assert cells.moment_us(text, cells.read_zone(zone)) == SEPTEMBER


@pytest.mark.parametrize("zone", ["Mars/Olympus", "+25:00", "", "../etc/passwd"])
def test_what_is_no_zone_is_refused(zone):
    with pytest.raises(InvalidRequest):
        cells.read_zone(zone)


@pytest.mark.parametrize("run", [3, 10, 1_000])
def test_rows_are_sorted_by_time_whatever_fits_into_memory(past, tmp_path, run):
    rows = [past() for _ in range(25)]
    assert list(in_order(reversed(rows), tmp_path, run)) == rows


def test_an_import_is_kept_whole_or_not_at_all(past, tmp_path):
    rows = [past(), past(cost_nusd=None, tags='{"team":"x"}')]
    assert keep(tmp_path, "october", rows) == 2
    assert list(kept(tmp_path, "october")) == rows
    assert (tmp_path / "imports" / "october.jsonl").stat().st_mode & 0o077 == 0
    with pytest.raises(Conflict):
        keep(tmp_path, "october", [])

    def broken():
        yield rows[0]
        raise InvalidRequest("an open quotation mark")

    with pytest.raises(InvalidRequest):
        keep(tmp_path, "october", broken(), replace=True)
    assert list(kept(tmp_path, "october")) == rows
    assert [file.name for file in (tmp_path / "imports").iterdir()] == ["october.jsonl"]


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a" * 101])
def test_names_of_imports_lead_nowhere_else(tmp_path, name):
    with pytest.raises(InvalidRequest):
        keep(tmp_path, name, [])


def test_an_import_that_is_not_there_or_damaged_is_told(tmp_path):
    with pytest.raises(NotFound):
        list(kept(tmp_path, "x"))
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports" / "x.jsonl").write_text('{"request_id": 1}\n')
    with pytest.raises(InvalidRequest, match="Line 1"):
        list(kept(tmp_path, "x"))


def test_a_time_without_a_zone_is_utc_unless_told():
    assert cells.moment_us("2026-09-01", UTC) == SEPTEMBER
