"""`make test-rie`: the real emulator, the function of the working tree, and the stand-in model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.moto_server import MotoServer

ROOT = Path(__file__).parents[2]
SCRIPT = str(ROOT / "scripts" / "streaming_host.sh")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the emulator runs on Linux alone")


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, "/bin/bash", SCRIPT],
        env=dict(os.environ) | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def emulators_of(marker: str) -> list[str]:
    """The processes that still have a variable of the run in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return found


def test_without_a_key(tmp_path: Path) -> None:
    done = run(TEST_RUN=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "ok    request parsing, bare useChat" in done.stdout
    assert "ok    handler load: the buffered function" in done.stdout
    assert emulators_of(f"TEST_RUN={tmp_path}") == []


def test_with_a_model() -> None:
    done = run(sys.executable, "-m", "scripts.with_stand_in_model")
    assert done.returncode == 0, done.stderr
    assert 'lines 0:"…"' in done.stdout
    assert "ok    whole answer, HTTP body" in done.stdout


def test_with_a_secret() -> None:
    """Read under AWS's own emulator before the first event, from moto's Secrets Manager."""
    with MotoServer() as moto:
        arn = moto.create_secret("chat", '{"OPENAI_API_KEY": "any"}')
        done = run(
            *(sys.executable, "-m", "scripts.with_stand_in_model", "env", "OPENAI_API_KEY="),
            CHAT_SECRET_ARN=arn,
            AWS_ENDPOINT_URL=f"http://{moto.address}",
            AWS_ACCESS_KEY_ID="any",
            AWS_SECRET_ACCESS_KEY="any",
        )
    assert done.returncode == 0, done.stderr
    assert 'lines 0:"…"' in done.stdout
    assert "ok    whole answer, HTTP body" in done.stdout


def test_a_failure_shows_the_log_and_ends_the_emulator(tmp_path: Path) -> None:
    done = run(CHAT_MAX_MESSAGES="many", TEST_RUN=str(tmp_path))
    assert done.returncode == 1
    assert "FAIL  handler load" in done.stderr
    assert "Log of the emulator and the function:" in done.stderr
    assert "CHAT_MAX_MESSAGES is 'many'" in done.stderr
    assert emulators_of(f"TEST_RUN={tmp_path}") == []
