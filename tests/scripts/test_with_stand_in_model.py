from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "scripts.with_stand_in_model"]

ASK = """
import json, os, urllib.request
url = os.environ["OPENAI_BASE_URL"] + "/models"
request = urllib.request.Request(url, headers={"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]})
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["data"][0]["id"], os.environ.get("CHAT_MODEL"))
"""


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *command],
        env=dict(os.environ) | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_finds_the_model_and_no_setting_of_another() -> None:
    done = run(sys.executable, "-c", ASK, CHAT_MODEL="gpt-of-the-user")
    assert (done.stdout, done.returncode) == ("stand-in None\n", 0)


def test_the_exit_code_is_the_commands() -> None:
    assert run(sys.executable, "-c", "raise SystemExit(3)").returncode == 3


def test_a_missing_command_is_a_sentence() -> None:
    done = run("no-such-command")
    assert (done.returncode, done.stderr) == (127, "There is no command 'no-such-command'.\n")
    assert run().returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_command_and_waits_for_its_end(number: signal.Signals) -> None:
    tidy = f"""
import signal, sys
signal.signal({int(number)}, lambda *_: (print("tidied up", flush=True), sys.exit(7)))
print("ready", flush=True)
signal.pause()
"""
    process = subprocess.Popen(
        [*COMMAND, sys.executable, "-c", tidy], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as lines:
        assert lines.readline() == "ready\n"
        process.send_signal(number)
        assert lines.read() == "tidied up\n"
    assert process.wait() == 7
