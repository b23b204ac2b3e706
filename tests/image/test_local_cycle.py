"""The local test cycle on real containers: each step proves something, fails loudly, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.image.conftest import RunScript

ROOT = Path(__file__).parents[2]
CYCLE = "streaming_container.sh"


@pytest.fixture
def model() -> Iterator[dict[str, str]]:
    """The variables of a stand-in model that runs while the test does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator.stand_in_model", "--port", "0", "--delay-ms", "1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r"http://[^ ]+", process.stdout.readline())
    assert found
    yield {"OPENAI_API_KEY": "stand-in", "OPENAI_BASE_URL": found[0]}
    process.terminate()
    process.wait()
    process.stdout.close()


def containers(docker: str, port: str) -> str:
    name = f"name=^lambda-token-streaming-{port}$"
    return subprocess.run(
        [docker, "ps", "-aq", "--filter", name], capture_output=True, text=True, check=True
    ).stdout


def test_without_a_key_every_step_says_what_it_proved(
    run_script: RunScript, container: dict[str, str], base_image: str, docker: str
) -> None:
    done = run_script(CYCLE, "all", **container | {"BASE_IMAGE": base_image})
    assert done.returncode == 0, done.stderr
    for step in (
        "ok    image build:",
        "ok    container: chat.app.streaming_handler runs",
        "ok    handler load: the streaming function",
        "ok    request parsing, direct",
        "ok    request parsing, HTTP body",
        "ok    request parsing, bare useChat",
        "ok    bad request, unknown action",
        "ok    handler load: the buffered function",
        "ok    stop:",
    ):
        assert step in done.stdout, done.stdout
    assert "FAIL" not in done.stdout + done.stderr
    assert containers(docker, container["PORT"]) == ""


def test_with_a_key_lines_stream_from_the_model_on_this_machine(
    run_script: RunScript, container: dict[str, str], model: dict[str, str], docker: str
) -> None:
    """The model listens on 127.0.0.1 alone, as Ollama does."""
    started = run_script(CYCLE, "run", **container | model)
    assert started.returncode == 0, started.stderr
    assert "shares its network" in started.stderr
    checked = run_script(CYCLE, "curl", **container)
    assert checked.returncode == 0, checked.stderr
    assert re.search(r'streaming, HTTP body .*: \d+ lines 0:"…", \d+ characters, ended by d:', checked.stdout)
    assert run_script(CYCLE, "stop", **container).returncode == 0
    assert containers(docker, container["PORT"]) == ""


def test_the_buffered_function_is_the_same_image_with_another_command(
    run_script: RunScript, container: dict[str, str], model: dict[str, str]
) -> None:
    started = run_script(CYCLE, "run", HANDLER="chat.app.handler", **container | model)
    assert started.returncode == 0, started.stderr
    checked = run_script(CYCLE, "curl", **container)
    assert checked.returncode == 0, checked.stderr
    assert "ok    whole answer, HTTP body" in checked.stdout


def test_the_container_runs_as_on_lambda(
    run_script: RunScript, container: dict[str, str], docker: str, tmp_path: Path
) -> None:
    """No rights, no writable file system; and no command line, which any user can list, has the key."""
    recorder = tmp_path / "docker"
    recorder.write_text(f'#!/bin/bash\nprintf "%s\\n" "$*" >>{tmp_path}/lines\nexec {docker} "$@"\n')
    recorder.chmod(0o755)
    started = run_script(
        CYCLE, "run", DOCKER=str(recorder), OPENAI_API_KEY="sk-secret", CHAT_MODEL="some-model", **container
    )
    assert started.returncode == 0, started.stderr
    shown = subprocess.run(
        [docker, "inspect", f"lambda-token-streaming-{container['PORT']}"], capture_output=True, check=True
    )
    inspected = json.loads(shown.stdout)[0]
    assert inspected["Config"]["User"] == "993:990"
    assert inspected["HostConfig"]["ReadonlyRootfs"] is True
    assert inspected["HostConfig"]["CapDrop"] == ["ALL"]
    assert {"OPENAI_API_KEY=sk-secret", "CHAT_MODEL=some-model"} <= set(inspected["Config"]["Env"])
    lines = (tmp_path / "lines").read_text()
    assert "run --detach" in lines
    assert "sk-secret" not in lines


@pytest.mark.parametrize(
    ("model", "configured", "passed"),
    [("gpt-4o-mini", "no", False), ("anthropic/claude-sonnet", "yes", True)],
)
def test_a_providers_key_is_for_the_function_that_asks_it(
    run_script: RunScript,
    container: dict[str, str],
    docker: str,
    model: str,
    configured: str,
    *,
    passed: bool,
) -> None:
    settings = {"CHAT_MODEL": model, "ANTHROPIC_API_KEY": "sk-ant", "AWS_LAMBDA_LOG_FORMAT": "JSON"}
    assert run_script(CYCLE, "run", **container | settings).returncode == 0
    shown = subprocess.run(
        [docker, "inspect", f"lambda-token-streaming-{container['PORT']}"], capture_output=True, check=True
    )
    config = json.loads(shown.stdout)[0]["Config"]
    assert config["Labels"]["token-streaming.configured"] == configured
    assert ("ANTHROPIC_API_KEY=sk-ant" in config["Env"]) is passed
    assert "AWS_LAMBDA_LOG_FORMAT=JSON" in config["Env"]


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ("chat.app.no_such_streaming_handler", "Runtime.HandlerNotFound"),
        ("chat.nothing.streaming_handler", "Runtime.ImportModuleError"),
    ],
)
def test_a_function_that_does_not_load_is_shown_with_its_log(
    run_script: RunScript, container: dict[str, str], handler: str, reason: str
) -> None:
    run_script(CYCLE, "run", HANDLER=handler, **container)
    checked = run_script(CYCLE, "curl", **container)
    assert checked.returncode == 1
    assert (
        f"FAIL  handler load: the streaming function started and took an event\n        the function failed: {reason}"
        in (checked.stderr)
    )
    assert "Log of the container" in checked.stderr
    assert checked.stderr.count(reason) > 1


def test_a_wrong_setting_is_shown_with_its_sentence(run_script: RunScript, container: dict[str, str]) -> None:
    run_script(CYCLE, "run", CHAT_MAX_MESSAGES="many", **container)
    checked = run_script(CYCLE, "curl", **container)
    assert checked.returncode == 1
    assert "CHAT_MAX_MESSAGES" in checked.stderr


def test_a_failing_stream_fails_the_cycle_and_cleans_up(
    run_script: RunScript, container: dict[str, str], base_image: str, docker: str
) -> None:
    unreachable = {
        "OPENAI_API_KEY": "x",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "CHAT_RETRY_BUDGET": "0",
    }
    done = run_script(CYCLE, "all", **container | unreachable | {"BASE_IMAGE": base_image})
    assert done.returncode == 1
    assert "FAIL  streaming, direct" in done.stderr
    assert "Log of the container" in done.stderr
    assert containers(docker, container["PORT"]) == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_cycle_cleans_up(
    container: dict[str, str], base_image: str, docker: str, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        # A shell that runs the tests in the background has all that they start ignore SIGINT.
        ["env", "--default-signal=INT", "/bin/bash", str(ROOT / "scripts" / CYCLE), "all"],
        env=dict(os.environ) | container | {"BASE_IMAGE": base_image},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # As a terminal's Ctrl-C, the signal goes to the whole group.
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as lines:
        assert any("ok    container:" in line for line in lines)
        os.killpg(process.pid, number)
        lines.read()
    assert process.wait() == 128 + number
    assert containers(docker, container["PORT"]) == ""


def test_two_functions_do_not_share_a_port(run_script: RunScript, container: dict[str, str]) -> None:
    assert run_script(CYCLE, "run", **container).returncode == 0
    again = run_script(CYCLE, "run", **container)
    assert again.returncode == 1
    assert f"A function already runs on port {container['PORT']}. Stop it:" in again.stderr
