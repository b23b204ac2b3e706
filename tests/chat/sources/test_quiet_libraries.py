"""Which loggers are held, on loggers of the test's own; tests/chat/function has the real libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chat.sources.quiet_libraries import forget_switches

LAMBDA = Path(__file__).parents[3] / "lambda"
HELD = """
import json, logging, sys
from chat.sources.quiet_libraries import hold_libraries_at_warning
logging.getLogger().setLevel(sys.argv[1])
logging.getLogger("eager").setLevel("DEBUG")
logging.getLogger("far.below").setLevel("INFO")
logging.getLogger("silent").setLevel("CRITICAL")
logging.getLogger("chat.sources.retries")
hold_libraries_at_warning()
hold_libraries_at_warning()
names = ["chat", "chat.sources.retries", "lambda_runtime", "eager", "far.below", "silent", "later"]
print(json.dumps({name: logging.getLevelName(logging.getLogger(name).getEffectiveLevel()) for name in names}))
"""


@pytest.mark.parametrize(
    ("root", "own", "libraries"),
    [("DEBUG", "DEBUG", "WARNING"), ("INFO", "INFO", "WARNING"), ("ERROR", "ERROR", "ERROR")],
)
def test_the_root_s_level_is_for_this_project_alone(root: str, own: str, libraries: str) -> None:
    """In a process of its own, since loggers are the process's. Nobody is made to say more than before."""
    done = subprocess.run(
        [sys.executable, "-c", HELD, root],
        env=os.environ | {"PYTHONPATH": str(LAMBDA)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {
        **dict.fromkeys(("chat", "chat.sources.retries", "lambda_runtime"), own),
        "eager": "WARNING",
        "far.below": "WARNING",
        "silent": "CRITICAL",
        "later": libraries,
    }


def test_switches_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOG", "DEBUG")
    monkeypatch.setenv("OPENAI_LOG", "debug")
    forget_switches()
    forget_switches()
    assert not {"LITELLM_LOG", "OPENAI_LOG"} & os.environ.keys()
