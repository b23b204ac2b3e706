"""The environment that tests and what they start have: a developer's own settings are not among it.

`make dev` and the others take settings from the shell, where a developer may have exported them. What a test sets
itself it sets over this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What would lead a client of a model out of here, or make it work there.
_WAYS_OUT = ("_API_KEY", "_PROXY", "_BASE_URL", "_API_BASE")
# Settings of the function and of the stand-in model, and what Lambda would tell its runtime.
_FAMILIES = ("CHAT_", "OPENAI_", "STAND_IN_", "AWS_LAMBDA_")
# Those of `make dev`, `make demo`, `make smoke` and the stacks.
_NAMES = {
    *("STACK", "PORT", "PAGE_PORT", "CORS_ORIGIN", "MESSAGE", "ENDPOINT", "LAMBDA_ENDPOINT"),
    *("ORIGIN", "AUTH", "HANDLER", "_HANDLER", "TIMEOUT"),
}


def is_setting(name: str) -> bool:
    """Whether a variable changes what the project does, or where it connects to."""
    name = name.upper()
    return name in _NAMES or name.startswith(_FAMILIES) or name.endswith(_WAYS_OUT)


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """For processes of fixtures that outlive a test; within one `os.environ` is so already."""
    return {name: value for name, value in environment.items() if not is_setting(name)}
