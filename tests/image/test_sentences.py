"""What the scripts say where something is missing: one sentence with what to do, never a traceback."""

from __future__ import annotations

import shutil
import socket
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.image.conftest import RunScript

CYCLE = "streaming_container.sh"
STEPS = ("build", "run", "curl", "stop", "all")


@pytest.fixture
def few_commands(tmp_path: Path) -> Path:
    """A PATH with what the scripts use, and without docker."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "cat", "dirname", "env", "mktemp", "rm", "sed", "uname"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder


def fake_docker(folder: Path, script: str) -> None:
    """A docker command of another make; what it answers is the point here."""
    command = folder / "docker"
    command.write_text(f"#!/bin/bash\n{script}\n")
    command.chmod(0o755)


@pytest.mark.parametrize("step", STEPS)
def test_docker_is_missing(run_script: RunScript, few_commands: Path, step: str) -> None:
    done = run_script(CYCLE, step, PATH=str(few_commands))
    assert done.returncode == 1
    assert done.stderr.startswith("  FAIL  Docker is missing. Install")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("step", STEPS)
def test_docker_is_named_and_missing(run_script: RunScript, step: str) -> None:
    done = run_script(CYCLE, step, DOCKER="no-such-docker")
    assert done.returncode == 1
    assert done.stderr == "  FAIL  DOCKER is 'no-such-docker', and there is no such command.\n"


@pytest.mark.parametrize("step", STEPS)
def test_the_daemon_is_stopped(run_script: RunScript, docker: str, step: str) -> None:
    done = run_script(CYCLE, step, DOCKER=docker, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "  FAIL  Docker's daemon does not answer at DOCKER_HOST=unix:///nowhere/docker.sock. Start"
    )
    assert done.stderr.count("\n") == 1


def test_the_daemon_refuses_the_user(run_script: RunScript, few_commands: Path) -> None:
    fake_docker(
        few_commands,
        'case "$*" in *Client*) echo 20.10.24 ;; *) echo "permission denied while trying to connect"; exit 1 ;; esac',
    )
    done = run_script(CYCLE, "stop", PATH=str(few_commands))
    assert done.returncode == 1
    assert done.stderr == (
        "  FAIL  Docker's daemon refuses this user. Add the user to the group docker and log in again, or use sudo.\n"
    )


def test_docker_cannot_build_with_buildkit(run_script: RunScript, few_commands: Path) -> None:
    """A client of 23 or later without its buildx component."""
    fake_docker(few_commands, 'case "$*" in buildx*) exit 1 ;; *) echo 28.2.2 ;; esac')
    done = run_script(CYCLE, "build", PATH=str(few_commands))
    assert done.returncode == 1
    assert "cannot build with BuildKit: its buildx component is missing. Install it" in done.stderr


@pytest.mark.parametrize("port", ["0", "http", "65536", "99999999999999999999", "-1", "90 00"])
def test_the_port_is_no_port(run_script: RunScript, port: str) -> None:
    done = run_script(CYCLE, "run", PORT=port)
    assert done.returncode == 1
    assert done.stderr == f"  FAIL  PORT is '{port}'; it must be a number from 1 to 65535.\n"


def test_the_port_is_in_use(run_script: RunScript, image: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = run_script(CYCLE, "run", PORT=str(port), IMAGE=image)
    assert done.returncode == 1
    assert done.stderr == f"  FAIL  Port {port} is in use by another program. Name another: PORT={port + 1}\n"


def test_there_is_no_image_to_run(run_script: RunScript, docker: str, free_port: int) -> None:
    done = run_script(CYCLE, "run", PORT=str(free_port), IMAGE="no-such-image:here", DOCKER=docker)
    assert done.returncode == 1
    assert done.stderr == (
        "  FAIL  The image no-such-image:here does not exist. Build it: make test-streaming-build\n"
    )


def test_there_is_no_container_to_check_or_stop(run_script: RunScript, docker: str, free_port: int) -> None:
    port = str(free_port)
    checked = run_script(CYCLE, "curl", PORT=port, DOCKER=docker)
    assert checked.returncode == 1
    assert f"No function runs on port {port}. Start it: make test-streaming-run PORT={port}" in checked.stderr
    stopped = run_script(CYCLE, "stop", PORT=port, DOCKER=docker)
    assert (stopped.returncode, stopped.stderr) == (0, f"No function runs on port {port}.\n")


def test_the_build_fails_with_its_reason(run_script: RunScript, base_image: str) -> None:
    done = run_script(
        CYCLE, "build", LITELLM="yes", BASE_IMAGE=base_image, IMAGE="lambda-token-streaming:never"
    )
    assert done.returncode == 1
    assert "LITELLM is 'yes'; it must be 0 or 1." in done.stderr
    assert done.stderr.splitlines()[-1].startswith("  FAIL  The image was not built; the reason is above.")


@pytest.mark.parametrize(
    "script", ["streaming_container.sh", "docker_daemon.sh", "fetch_rie.sh", "base_image.sh"]
)
def test_the_usage(run_script: RunScript, script: str) -> None:
    done = run_script(script)
    assert done.returncode == 1
    assert f"usage: {script}" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="the emulator runs on Linux alone")
def test_the_emulator_is_of_two_machines(run_script: RunScript) -> None:
    done = run_script("fetch_rie.sh", "riscv64")
    assert done.returncode == 1
    assert "exists for x86_64 and arm64, not for riscv64" in done.stderr
