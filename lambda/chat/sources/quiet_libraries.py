"""Libraries held at WARNING in the log, whatever its level is: below that they write whole conversations into it.

LiteLLM's loggers, openai's and those of the HTTP clients show requests and answers at DEBUG, some of it at INFO. The
level that the operator sets is for this project's own loggers, which never do.
"""

from __future__ import annotations

import logging
import os
from typing import Final

_OWN: Final = ("chat", "lambda_runtime")
# By these LiteLLM, openai and Google's SDKs log or print conversations past the root logger's level.
_SWITCHES: Final = (
    "LITELLM_LOG",
    "LITELLM_PRINT_STANDARD_LOGGING_PAYLOAD",
    "OPENAI_LOG",
    "GOOGLE_SDK_PYTHON_LOGGING_SCOPE",
)


def forget_switches() -> None:
    """Take the variables that have libraries log conversations out of the environment; before importing them."""
    for name in _SWITCHES:
        os.environ.pop(name, None)


def hold_libraries_at_warning() -> None:
    """Give the root logger's level, if it is below WARNING, to this project's loggers alone.

    Loggers of libraries have WARNING from the root then, those of modules that are imported later among them; the
    ones with a lower level of their own are raised to it.
    """
    root = logging.getLogger()
    if root.level < logging.WARNING:
        for name in _OWN:
            logging.getLogger(name).setLevel(root.level)
        root.setLevel(logging.WARNING)
    for name, logger in list(root.manager.loggerDict.items()):
        if name.partition(".")[0] in _OWN or not isinstance(logger, logging.Logger):
            continue
        if logging.NOTSET < logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)
