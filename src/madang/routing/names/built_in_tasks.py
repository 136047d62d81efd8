"""Kinds of work that everybody has, as rows; the section `tasks` comes before them.

A row is there for whoever serves one of its candidates.

Candidates are the models that the product's requirements were written for (G1), the one that suits the
work best first; what weighs most among them is said by `prefer`. What the studio asks for has one
each of Anthropic, OpenAI and Gemini, so that a key of any one of them writes a drama. Sets:
reasoning, creative, fast; simple, standard, advanced; reasoning, chat, general, batch, vision;
script, dialogue, translate, polish.
"""

from typing import Final

from madang.config.sections.routes import Task

_SONNET: Final = "claude-sonnet-4"
_GPT: Final = "gpt-4.1"
_FLASH: Final = "gemini-2.5-flash"
_DEEPSEEK: Final = "deepseek-v3.2"
_SCOUT: Final = "llama-4-scout"
_MAVERICK: Final = "llama-4-maverick"

BUILT_IN: Final[dict[str, Task]] = {
    "reasoning": Task((_SONNET, _GPT, _DEEPSEEK), "quality"),
    "creative": Task((_SONNET, _GPT), "quality"),
    "fast": Task((_FLASH, _DEEPSEEK, _SCOUT), "speed"),
    "simple": Task((_FLASH, _DEEPSEEK, _SCOUT), "cost"),
    "standard": Task((_GPT, _FLASH, _DEEPSEEK, _MAVERICK), "cost"),
    "advanced": Task((_SONNET, _GPT), "quality"),
    "chat": Task((_FLASH, _GPT, _DEEPSEEK), "speed"),
    "general": Task((_GPT, _SONNET, _FLASH), "quality"),
    "batch": Task((_DEEPSEEK, _FLASH, _SCOUT), "cost"),
    "vision": Task((_GPT, _SONNET, _FLASH), "quality"),
    "script": Task((_SONNET, _GPT, _FLASH), "quality"),
    "dialogue": Task((_GPT, _SONNET, _FLASH), "quality"),
    "translate": Task((_FLASH, _DEEPSEEK, _GPT, _SONNET), "cost"),
    "polish": Task((_DEEPSEEK, _FLASH, _GPT, _SONNET), "cost"),
}

TIERS: Final = ("task:simple", "task:standard", "task:advanced")
"""Where `auto` leads when the configuration does not say."""

AUTO: Final = "auto"
