"""LiteLLM's `config.yaml` as `madang.yaml`."""

from madang.migration.litellm.translate import translate

__all__ = ["translate"]
