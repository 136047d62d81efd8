"""Settings of LiteLLM whose fate does not depend on their value, as tables: what is said of each.

Names and meanings: https://docs.litellm.ai/docs/proxy/config_settings, read on 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

from madang.migration.findings import Verdict

Fates = Mapping[str, tuple[Verdict, str]]

_CALLERS = "callers send it with their requests; Madang adds nothing to what they ask"
_CLOUD = "Madang does not speak to this cloud"
_LOGS = "Madang sends no prompts to logging services; its own ledger has a row per attempt"
_RESTS = "`breaker` says when a target rests, and for how long"
_RETRIES = (
    "`retries` says when a target is asked again, by the cause of the failure: other targets first"
)
_WATCHED = "`health` looks at targets beside their traffic, by calls that cost nothing"
_REDIS = "limits are kept in the memory that the worker processes of one machine share"
_KEYS = "Madang has its own keys: `madang key create`"
_TAGS = "`rules` of the model send requests with a tag to targets of their own"
_BUILT_IN = "built in"

SECTIONS: Final[Fates] = {
    "include": ("left", "import each file by itself"),
    "guardrails": ("left", "Madang has no guardrails"),
    "mcp_servers": ("left", "Madang does not serve MCP; tools stay with the callers"),
    "mcp_tools": ("left", "Madang does not serve MCP; tools stay with the callers"),
    "vector_store_registry": ("left", "Madang has no vector stores"),
    "search_tools": ("left", "Madang runs no tools"),
    "finetune_settings": ("left", "fine-tuning is done with the provider itself"),
    "files_settings": ("left", "files are uploaded to the provider itself"),
    "assistant_settings": ("left", "the Assistants API is not served; `/v1/responses` is"),
    "callback_settings": ("left", _LOGS),
    "prompts": ("left", "prompts stay with the callers"),
    "agent_list": ("left", "Madang serves models, not agents"),
    "policies": ("left", "Madang has no guardrails"),
}
"""Whole sections, with everything below them."""

DEPLOYMENT: Final[Fates] = {
    "custom_llm_provider": ("carried", "part of where the target is"),
    "api_version": ("changed", "left out: Azure's v1 address, which is used here, needs none"),
    "max_retries": ("changed", _RETRIES),
    "num_retries": ("changed", _RETRIES),
    "cooldown_time": ("left", _RESTS),
    "tags": ("left", _TAGS),
    "max_budget": ("left", "no budget counts one target; `budgets` count keys, accounts and tags"),
    "budget_duration": ("left", "see `max_budget`"),
    "mock_response": ("left", "`madang sim` answers without a provider"),
    "use_in_pass_through": ("left", "only the paths of docs/http.md are served"),
    "additional_drop_params": (
        "left",
        "`features` say what a target cannot do, and `lossy: allow` leaves that out",
    ),
    "allowed_openai_params": ("carried", "what callers send reaches a provider of the same format"),
    "merge_reasoning_content_in_choices": ("left", "reasoning stays apart from the answer"),
    "configurable_clientside_auth_params": ("left", "callers cannot bring keys of their own"),
    "litellm_credential_name": ("carried", "its values were put in its place"),
    "cache_control_injection_points": ("left", "callers mark what is to be cached"),
    "guardrails": ("left", "Madang has no guardrails"),
    "litellm_trace_id": ("left", "requests have ids of their own"),
    "max_file_size_mb": ("left", "`server.max_body_mb` bounds every request"),
    "use_litellm_proxy": (
        "left",
        "give LiteLLM as a provider of kind `openai` with its `base_url`",
    ),
    "keepalive_seconds": ("left", "what a stream says while it waits is built in"),
    "temperature": ("left", _CALLERS),
    "top_p": ("left", _CALLERS),
    "max_tokens": ("left", _CALLERS),
    "max_completion_tokens": ("left", _CALLERS),
    "stop": ("left", _CALLERS),
    "seed": ("left", _CALLERS),
    "n": ("left", _CALLERS),
    "extra_body": ("left", _CALLERS),
    "reasoning_effort": ("left", _CALLERS),
    "thinking": ("left", _CALLERS),
    "frequency_penalty": ("left", _CALLERS),
    "presence_penalty": ("left", _CALLERS),
    "user": ("left", _CALLERS),
    "metadata": ("left", _CALLERS),
    "stream": ("left", _CALLERS),
    "tools": ("left", _CALLERS),
    "response_format": ("left", _CALLERS),
    "vertex_project": ("left", _CLOUD),
    "vertex_location": ("left", _CLOUD),
    "vertex_credentials": ("left", _CLOUD),
    "aws_region_name": ("left", _CLOUD),
    "aws_access_key_id": ("left", _CLOUD),
    "aws_secret_access_key": ("left", _CLOUD),
    "aws_session_name": ("left", _CLOUD),
    "aws_role_name": ("left", _CLOUD),
    "azure_ad_token": (
        "left",
        "Azure is asked with a key; put it into the variable that `api_key` names",
    ),
    "tenant_id": (
        "left",
        "Azure is asked with a key; put it into the variable that `api_key` names",
    ),
    "client_id": (
        "left",
        "Azure is asked with a key; put it into the variable that `api_key` names",
    ),
    "client_secret": (
        "left",
        "Azure is asked with a key; put it into the variable that `api_key` names",
    ),
    "azure_scope": (
        "left",
        "Azure is asked with a key; put it into the variable that `api_key` names",
    ),
}
"""Members of `litellm_params`."""

INFO: Final[Fates] = {
    "id": ("carried", "fallbacks that named it name its target"),
    "mode": ("carried", "what a model is for is known by how it is asked"),
    "base_model": (
        "left",
        "prices follow the provider's own id: give `prices` where it is another",
    ),
    "max_tokens": ("left", "give the model `context_window` and `max_output`"),
    "litellm_provider": ("carried", ""),
    "description": ("left", "models have no descriptions"),
    "access_groups": ("left", "a key lists its `models`"),
    "team_id": ("left", "a key lists its `models`"),
    "health_check_timeout": ("left", _WATCHED),
    "disable_background_health_check": ("left", _WATCHED),
}
"""Members of `model_info`."""

GENERAL: Final[Fates] = {
    "database_url": ("left", "keys, the ledger and the rest are in SQLite in the home folder"),
    "store_model_in_db": ("left", "models are in this file only; a change of it is taken up"),
    "store_prompts_in_spend_logs": ("left", "the ledger holds no prompts"),
    "disable_spend_logs": ("left", "the ledger is always kept"),
    "alerting": ("left", "`alerts` say when, and `channels` whom to tell: webhooks, Slack, e-mail"),
    "alerting_threshold": ("left", "see `alerting`"),
    "alerting_args": ("left", "see `alerting`"),
    "alert_types": ("left", "see `alerting`"),
    "alert_to_webhook_url": ("left", "see `alerting`"),
    "spend_report_frequency": ("left", "`report` sends one of each day; `madang report` any other"),
    "custom_auth": ("left", _KEYS),
    "custom_sso": ("left", _KEYS),
    "custom_key_generate": ("left", _KEYS),
    "enable_jwt_auth": ("left", _KEYS),
    "enable_oauth2_auth": ("left", _KEYS),
    "litellm_jwtauth": ("left", _KEYS),
    "litellm_key_header_name": ("left", "keys come in the header of the caller's dialect"),
    "key_management_system": ("left", "variables come from the environment; fill it before start"),
    "key_management_settings": ("left", "see `key_management_system`"),
    "pass_through_endpoints": ("left", "only the paths of docs/http.md are served"),
    "completion_model": ("left", "callers name the model"),
    "background_health_checks": ("left", _WATCHED),
    "health_check_interval": ("left", _WATCHED),
    "max_parallel_requests": ("left", "give each provider `concurrency`"),
    "allowed_ips": ("left", "let the proxy or firewall in front do that"),
    "forward_client_headers_to_llm_api": ("left", "headers of callers are not forwarded"),
    "ui_access_mode": ("left", "administration needs the admin key"),
    "infer_model_from_keys": ("left", "a provider's key enables its models"),
    "litellm_license": ("left", "there is no license key"),
    "proxy_batch_write_at": ("left", "each row is in the journal before the answer ends"),
    "disable_master_key_return": ("carried", "the admin key is shown once, when it is made"),
    "disable_retry_on_max_parallel_request_limit_error": ("left", _RETRIES),
    "disable_reset_budget": ("left", "budgets begin anew with their day or month"),
    "disable_adding_master_key_hash_to_db": ("carried", "$MADANG_ADMIN_KEY is in memory only"),
    "disable_responses_id_security": ("left", "held answers are for the key that asked"),
    "enforce_user_param": ("left", "requests are not held to have a `user`"),
    "reject_clientside_metadata_tags": (
        "left",
        "callers may add tags; those of their key cannot be overridden",
    ),
    "allowed_routes": ("left", "a key lists its `models`; every path is open to it"),
    "public_routes": ("left", "a key lists its `models`; every path is open to it"),
    "admin_only_routes": ("left", "administration needs the admin key"),
    "maximum_spend_logs_retention_interval": ("left", "the ledger is kept"),
    "user_mcp_management_mode": ("left", "Madang does not serve MCP"),
    "allow_requests_on_db_unavailable": (
        "left",
        "built in: requests are answered, and their rows wait, while the disk is full",
    ),
    "use_client_credentials_pass_through_routes": (
        "left",
        "only the paths of docs/http.md are served",
    ),
    "max_response_size_mb": ("left", "answers are relayed whatever their size"),
    "user_api_key_cache_ttl": ("left", "a changed key counts within a second"),
    "use_x_forwarded_for": ("left", "callers are told apart by their keys"),
    "database_connection_pool_limit": ("left", "see `database_url`"),
    "database_connection_timeout": ("left", "see `database_url`"),
    "maximum_spend_logs_retention_period": ("left", "the ledger is kept"),
}

LITELLM: Final[Fates] = {
    "num_retries": ("changed", _RETRIES),
    "retry_policy": ("left", _RETRIES),
    "allowed_fails": ("left", _RESTS),
    "cooldown_time": ("left", _RESTS),
    "success_callback": ("left", _LOGS),
    "failure_callback": ("left", _LOGS),
    "callbacks": (
        "left",
        f"{_LOGS}; Prometheus metrics are always at `/metrics`, and `telemetry` sends traces",
    ),
    "service_callbacks": ("left", _LOGS),
    "turn_off_message_logging": ("carried", "messages are never logged"),
    "redact_user_api_key_info": ("carried", "keys are never logged"),
    "langfuse_default_tags": ("left", _LOGS),
    "default_team_settings": ("left", _LOGS),
    "set_verbose": ("left", "what is logged is built in"),
    "telemetry": ("carried", "there is none"),
    "force_ipv4": ("left", "addresses are those of the system's resolver"),
    "modify_params": ("changed", "requests are changed as `lossy` allows, and say so"),
    "include_cost_in_streaming_usage": ("left", "a stream's cost is in `/v1/requests/{id}`"),
    "enable_json_schema_validation": ("left", "answers are not checked against schemas"),
    "default_internal_user_params": ("left", _KEYS),
    "key_generation_settings": ("left", _KEYS),
    "upperbound_key_generate_params": ("left", _KEYS),
    "default_key_generate_params": ("left", _KEYS),
    "max_internal_user_budget": ("left", _KEYS),
    "mcp_aliases": ("left", "Madang does not serve MCP"),
    "public_model_groups": ("left", "models are listed for keys that may use them"),
    "ssl_verify": ("left", "certificates are always verified, by the system's authorities"),
}

ROUTER: Final[Fates] = {
    "enable_pre_call_checks": ("carried", f"{_BUILT_IN}: windows are guarded"),
    "num_retries": ("changed", _RETRIES),
    "retry_policy": ("left", _RETRIES),
    "model_group_retry_policy": ("left", _RETRIES),
    "retry_after": ("left", "how long to wait is what the provider says, or built in"),
    "max_fallbacks": ("left", "every fallback is tried, within the caller's deadline"),
    "allowed_fails": ("left", _RESTS),
    "allowed_fails_policy": ("left", _RESTS),
    "cooldown_time": ("left", _RESTS),
    "disable_cooldowns": ("left", _RESTS),
    "redis_host": ("left", _REDIS),
    "redis_port": ("left", _REDIS),
    "redis_password": ("left", _REDIS),
    "redis_url": ("left", _REDIS),
    "redis_db": ("left", _REDIS),
    "routing_strategy_args": ("left", "the figures of each way to pick are built in"),
    "enable_tag_filtering": ("left", _TAGS),
    "tag_filtering_match_any": ("left", "see `enable_tag_filtering`"),
    "provider_budget_config": ("left", "no budget counts one provider"),
    "default_max_parallel_requests": ("left", "give each provider `concurrency`"),
    "optional_pre_call_checks": ("left", "what is checked before a call is built in"),
    "set_verbose": ("left", "what is logged is built in"),
    "debug_level": ("left", "what is logged is built in"),
    "client_ttl": ("left", "connections are kept as long as they are good"),
    "default_litellm_params": ("left", _CALLERS),
    "caching_groups": ("left", "an answer of the cache is given for the model that was asked"),
    "ignore_invalid_deployments": ("left", "a fault in the file is always told"),
}
