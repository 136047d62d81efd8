"""The simulator's reports are what OpenAI's own client understands, and say what the book says."""

import json
import time
import urllib.request
from datetime import UTC, datetime
from decimal import Decimal

import openai
import pytest

HELLO = [{"role": "user", "content": "Hello!"}]
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def admin(sim):
    with openai.OpenAI(
        base_url=f"{sim.url}/v1", api_key="sk-test", admin_api_key="sk-admin", max_retries=0
    ) as client:
        yield client.admin.organization.usage


def anthropic_report(sim, what):
    url = (
        f"{sim.url}/v1/organizations/{what}?starting_at={TODAY:%Y-%m-%dT%H:%M:%SZ}&group_by[]=model"
    )
    asked = urllib.request.Request(url, headers={"x-api-key": "sk-ant-admin"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def test_openais_client_reads_tokens_and_requests_by_model(gpt, admin):
    answers = [gpt.chat.completions.create(model="gpt-4.1", messages=HELLO) for _ in range(2)]
    start = int(TODAY.timestamp())
    page = admin.completions(start_time=start, bucket_width="1d", group_by=["model"])
    (result,) = page.data[-1].results
    assert (result.model, result.num_model_requests) == ("gpt-4.1-2025-04-14", 2)
    assert result.input_tokens == sum(answer.usage.prompt_tokens for answer in answers)
    assert result.output_tokens == sum(answer.usage.completion_tokens for answer in answers)


def test_openais_client_reads_costs_that_are_the_list_price(gpt, admin):
    used = gpt.chat.completions.create(model="gpt-4.1", messages=HELLO).usage
    page = admin.costs(start_time=int(TODAY.timestamp()), group_by=["line_item"])
    costs = {one.line_item: Decimal(str(one.amount.value)) for one in page.data[-1].results}
    assert costs == {
        "gpt-4.1-2025-04-14, input_tokens": used.prompt_tokens * Decimal("0.000002"),
        "gpt-4.1-2025-04-14, output_tokens": used.completion_tokens * Decimal("0.000008"),
    }


def test_anthropics_reports_say_the_same_of_messages(sim, claude):
    answer = claude.messages.create(model="claude-haiku-4-5", messages=HELLO, max_tokens=50)
    (used,) = anthropic_report(sim, "usage_report/messages")["data"][-1]["results"]
    assert used["uncached_input_tokens"] == answer.usage.input_tokens
    assert used["output_tokens"] == answer.usage.output_tokens
    (cost,) = anthropic_report(sim, "cost_report")["data"][-1]["results"]
    cents = answer.usage.input_tokens * Decimal("0.0001") + answer.usage.output_tokens * Decimal(
        "0.0005"
    )
    assert (Decimal(cost["amount"]), cost["model"]) == (cents, "claude-haiku-4-5-20251001")


def test_reports_come_in_pages_of_days(admin):
    start = int(time.time()) - 9 * 86_400
    first = admin.costs(start_time=start, limit=4)
    second = admin.costs(start_time=start, limit=4, page=first.next_page)
    starts = [bucket.start_time for bucket in (*first.data, *second.data)]
    assert starts == [starts[0] + n * 86_400 for n in range(8)]
    assert first.has_more


def test_what_is_no_time_is_refused(admin):
    with pytest.raises(openai.BadRequestError):
        admin.costs(start_time="x")
