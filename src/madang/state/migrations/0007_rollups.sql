-- Reports over ten million attempts read sums only, whatever they ask: without a key, by account, by tag, and how long answers took.
-- All of them are kept up in the transaction that inserts attempts, as `usage_days` is, and made here for the attempts that are there.

DROP TABLE usage_days;
-- As before, with more measures, and the days first: reports over all keys read a stretch of it.
CREATE TABLE usage_days (
    day                TEXT NOT NULL,
    key_id             TEXT NOT NULL,
    provider           TEXT NOT NULL,
    model              TEXT NOT NULL,
    asked_model        TEXT NOT NULL,
    attempts           INTEGER NOT NULL,
    requests           INTEGER NOT NULL,
    failed_requests    INTEGER NOT NULL,
    unpriced_requests  INTEGER NOT NULL,
    estimated_requests INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens   INTEGER NOT NULL,
    cost_nusd          INTEGER NOT NULL,
    cache_hits         INTEGER NOT NULL,
    saved_nusd         INTEGER NOT NULL,
    wasted_nusd        INTEGER NOT NULL,
    PRIMARY KEY (day, key_id, provider, model, asked_model)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_days_by_key ON usage_days (key_id, day);

-- Over all keys. `hour` counts whole hours since 1970 (UTC).
CREATE TABLE usage_hours (
    hour               INTEGER NOT NULL,
    provider           TEXT NOT NULL,
    model              TEXT NOT NULL,
    asked_model        TEXT NOT NULL,
    attempts           INTEGER NOT NULL,
    requests           INTEGER NOT NULL,
    failed_requests    INTEGER NOT NULL,
    unpriced_requests  INTEGER NOT NULL,
    estimated_requests INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens   INTEGER NOT NULL,
    cost_nusd          INTEGER NOT NULL,
    cache_hits         INTEGER NOT NULL,
    saved_nusd         INTEGER NOT NULL,
    wasted_nusd        INTEGER NOT NULL,
    PRIMARY KEY (hour, provider, model, asked_model)
) STRICT, WITHOUT ROWID;

-- Of the attempts whose key belongs to an account.
CREATE TABLE usage_accounts (
    day                TEXT NOT NULL,
    account_id         TEXT NOT NULL,
    provider           TEXT NOT NULL,
    model              TEXT NOT NULL,
    asked_model        TEXT NOT NULL,
    attempts           INTEGER NOT NULL,
    requests           INTEGER NOT NULL,
    failed_requests    INTEGER NOT NULL,
    unpriced_requests  INTEGER NOT NULL,
    estimated_requests INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens   INTEGER NOT NULL,
    cost_nusd          INTEGER NOT NULL,
    cache_hits         INTEGER NOT NULL,
    saved_nusd         INTEGER NOT NULL,
    wasted_nusd        INTEGER NOT NULL,
    PRIMARY KEY (day, account_id, provider, model, asked_model)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_accounts_by_account ON usage_accounts (account_id, day);

-- By each tag of an attempt, over all keys; those without any under name and value ''. The number of names and values per day is bounded
-- (see `ledger/tags.py`): what exceeds it is under '(other)'.
CREATE TABLE usage_tags (
    day                TEXT NOT NULL,
    name               TEXT NOT NULL,
    value              TEXT NOT NULL,
    provider           TEXT NOT NULL,
    model              TEXT NOT NULL,
    asked_model        TEXT NOT NULL,
    attempts           INTEGER NOT NULL,
    requests           INTEGER NOT NULL,
    failed_requests    INTEGER NOT NULL,
    unpriced_requests  INTEGER NOT NULL,
    estimated_requests INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens   INTEGER NOT NULL,
    cost_nusd          INTEGER NOT NULL,
    cache_hits         INTEGER NOT NULL,
    saved_nusd         INTEGER NOT NULL,
    wasted_nusd        INTEGER NOT NULL,
    PRIMARY KEY (day, name, value, provider, model, asked_model)
) STRICT, WITHOUT ROWID;

-- Which names of tags are kept apart on a day, and how many values of each; then these values.
CREATE TABLE tag_names (
    day         TEXT NOT NULL,
    name        TEXT NOT NULL,
    value_count INTEGER NOT NULL,
    PRIMARY KEY (day, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag_values (
    day   TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (day, name, value)
) STRICT, WITHOUT ROWID;

-- How many answers took how long: `what` is latency_us or first_token_us, `bucket` a range of times (see `ledger/latency.py`).
CREATE TABLE latency_days (
    day      TEXT NOT NULL,
    provider TEXT NOT NULL,
    model    TEXT NOT NULL,
    what     TEXT NOT NULL,
    bucket   INTEGER NOT NULL,
    answers  INTEGER NOT NULL,
    PRIMARY KEY (day, provider, model, what, bucket)
) STRICT, WITHOUT ROWID;

-- The console's questions: the latest requests of a model, and what goes wrong, by cause.
CREATE INDEX attempts_by_model_and_time ON attempts (model, at_us);
CREATE INDEX attempts_gone_wrong ON attempts (at_us, outcome, cause, status, provider, model, key_id)
    WHERE outcome IN ('failed', 'cut', 'lost', 'client_closed');

-- What there is so far: what each attempt contributes, and its sums.
CREATE VIEW measured AS SELECT
    at_us / 3600000000 AS hour, date(at_us / 1000000, 'unixepoch') AS day, key_id, account_id, provider, model, asked_model, tags, outcome,
    latency_us, first_token_us, 1 AS attempts, final AND used AS requests, final AND NOT used AS failed_requests,
    cost_nusd IS NULL AND used AS unpriced_requests, estimated AS estimated_requests, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, reasoning_tokens, coalesce(cost_nusd, 0) AS cost_nusd, outcome = 'hit' AS cache_hits,
    coalesce(saved_nusd, 0) AS saved_nusd,
    CASE WHEN final AND outcome IN ('ok', 'client_closed', 'hit') THEN 0 ELSE coalesce(cost_nusd, 0) END AS wasted_nusd
FROM (SELECT *, outcome <> 'failed' OR input_tokens + output_tokens > 0 OR coalesce(cost_nusd, 0) > 0 AS used FROM attempts);

INSERT INTO usage_days (day, key_id, provider, model, asked_model, attempts, requests, failed_requests, unpriced_requests,
    estimated_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nusd, cache_hits,
    saved_nusd, wasted_nusd)
SELECT day, key_id, provider, model, asked_model, sum(attempts), sum(requests), sum(failed_requests), sum(unpriced_requests),
    sum(estimated_requests), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens),
    sum(reasoning_tokens), sum(cost_nusd), sum(cache_hits), sum(saved_nusd), sum(wasted_nusd)
FROM measured GROUP BY 1, 2, 3, 4, 5;

INSERT INTO usage_hours (hour, provider, model, asked_model, attempts, requests, failed_requests, unpriced_requests, estimated_requests,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nusd, cache_hits, saved_nusd, wasted_nusd)
SELECT hour, provider, model, asked_model, sum(attempts), sum(requests), sum(failed_requests), sum(unpriced_requests),
    sum(estimated_requests), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens),
    sum(reasoning_tokens), sum(cost_nusd), sum(cache_hits), sum(saved_nusd), sum(wasted_nusd)
FROM measured GROUP BY 1, 2, 3, 4;

INSERT INTO usage_accounts (day, account_id, provider, model, asked_model, attempts, requests, failed_requests, unpriced_requests,
    estimated_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nusd, cache_hits,
    saved_nusd, wasted_nusd)
SELECT day, account_id, provider, model, asked_model, sum(attempts), sum(requests), sum(failed_requests), sum(unpriced_requests),
    sum(estimated_requests), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens),
    sum(reasoning_tokens), sum(cost_nusd), sum(cache_hits), sum(saved_nusd), sum(wasted_nusd)
FROM measured WHERE account_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5;

INSERT INTO tag_values (day, name, value)
SELECT day, name, value FROM (
    SELECT day, name, value, dense_rank() OVER (PARTITION BY day ORDER BY name) AS name_rank,
        row_number() OVER (PARTITION BY day, name ORDER BY value) AS value_rank
    FROM (
        SELECT DISTINCT day, tag.key AS name, tag.value AS value
        FROM measured, json_each(tags) AS tag WHERE length(tag.key) <= 100 AND length(tag.value) <= 200
    )
) WHERE name_rank <= 100 AND value_rank <= 1000;

INSERT INTO tag_names (day, name, value_count) SELECT day, name, count(*) FROM tag_values GROUP BY day, name;

INSERT INTO usage_tags (day, name, value, provider, model, asked_model, attempts, requests, failed_requests, unpriced_requests,
    estimated_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nusd, cache_hits,
    saved_nusd, wasted_nusd)
SELECT day, name, value, provider, model, asked_model, sum(attempts), sum(requests), sum(failed_requests), sum(unpriced_requests),
    sum(estimated_requests), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens),
    sum(reasoning_tokens), sum(cost_nusd), sum(cache_hits), sum(saved_nusd), sum(wasted_nusd)
FROM (
    SELECT measured.*,
        iif(tag.key = '' OR EXISTS (SELECT 1 FROM tag_names AS n WHERE n.day = measured.day AND n.name = tag.key), tag.key, '(other)') AS name,
        iif(tag.key = '' OR EXISTS (
            SELECT 1 FROM tag_values AS v WHERE v.day = measured.day AND v.name = tag.key AND v.value = tag.value
        ), tag.value, '(other)') AS value
    FROM measured, json_each(iif(tags = '{}', '{"": ""}', tags)) AS tag
) GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO latency_days (day, provider, model, what, bucket, answers)
SELECT day, provider, model, 'latency_us', 100 * length(latency_us) + substr(latency_us || '0', 1, 2) / step * step, count(*)
FROM (
    SELECT *, CASE substr(latency_us, 1, 1) WHEN '1' THEN 1 WHEN '2' THEN 2 WHEN '3' THEN 2 ELSE 4 END AS step FROM measured
) WHERE outcome = 'ok' AND latency_us > 0 GROUP BY 1, 2, 3, 4, 5;

INSERT INTO latency_days (day, provider, model, what, bucket, answers)
SELECT day, provider, model, 'first_token_us', 100 * length(first_token_us) + substr(first_token_us || '0', 1, 2) / step * step, count(*)
FROM (
    SELECT *, CASE substr(first_token_us, 1, 1) WHEN '1' THEN 1 WHEN '2' THEN 2 WHEN '3' THEN 2 ELSE 4 END AS step FROM measured
) WHERE outcome = 'ok' AND first_token_us > 0 GROUP BY 1, 2, 3, 4, 5;

DROP VIEW measured;
