"""Whether Docker can build the image here, found out before anything is created."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Final, Literal, TypeAlias

import pulumi

# What `docker info` shows where images are kept by containerd (Docker Desktop's and Engine 29's default).
_CONTAINERD: Final = "io.containerd.snapshotter"
_WAY_OUT: Final = (
    "or deploy an image that is already pushed: `pulumi config set imageBuilder prebuilt` and imageUri"
)
_SECONDS: Final = 20
# Where pulumi-docker looks by itself; it does not know Docker's contexts.
_SOCKETS: Final = ("/var/run/docker.sock", "~/.docker/run/docker.sock", "~/.docker/desktop/docker.sock")

Builder: TypeAlias = Literal["pulumi-docker", "pulumi-docker-build"]


def can_build(builder: Builder) -> bool:
    """Whether Docker answers and the builder can work with it.

    A preview builds nothing and must not need Docker, so there the problem is a warning, which `pulumi up` shows
    before it asks whether to go on. (pulumi-docker asks the daemon in a preview as well: without one the image must
    be left out.)

    Raises:
        pulumi.RunError: not, in an update; a sentence that says what to do.
    """
    problem = docker_problem(builder)
    if problem is None:
        return True
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(problem)
    pulumi.log.warn(f"{problem} This preview goes on and leaves the image out; `pulumi up` will stop here.")
    return False


def docker_problem(builder: Builder, *, seconds: float = _SECONDS) -> str | None:
    """What keeps a builder from building, as a sentence; None if nothing does.

    Args:
        builder: Which of the two.
        seconds: How long each question may take the daemon.
    """
    try:
        return _problem(builder, seconds)
    except OSError:
        return f"Docker is not installed, and the image has to be built: install Docker, {_WAY_OUT}."
    except subprocess.TimeoutExpired:
        return f"Docker's daemon has not answered within {seconds} seconds: restart Docker, {_WAY_OUT}."


def _problem(builder: Builder, seconds: float) -> str | None:
    done = _docker("info", "--format", "{{json .}}", seconds=seconds)
    try:
        info = json.loads(done.stdout)
    except ValueError:
        info = {}
    # The command prints what it knows of itself also where no daemon answers, with the exit code 0 in some versions.
    if done.returncode or not info.get("ServerVersion"):
        words = (done.stderr.strip() or " ".join(info.get("ServerErrors") or ())).splitlines()
        said = f" ({words[-1].strip().rstrip('.')})" if words else ""
        return f"Docker's daemon does not answer{said}: start Docker, {_WAY_OUT}."
    if builder == "pulumi-docker-build":
        return None
    if any(_CONTAINERD in str(entry) for entry in info.get("DriverStatus") or ()):
        return (
            "Docker keeps its images in containerd, from where pulumi-docker cannot push "
            "(pulumi-docker issue 967): `pulumi config set imageBuilder pulumi-docker-build`, or switch the containerd "
            'image store off (Docker Desktop: Settings, General; Engine: {"features": {"containerd-snapshotter": '
            "false}} in daemon.json, then restart it)."
        )
    return _unseen_socket(seconds)


def _unseen_socket(seconds: float) -> str | None:
    """The daemon's address, if pulumi-docker would not find it."""
    if os.environ.get("DOCKER_HOST"):
        return None
    asked = _docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}", seconds=seconds)
    address = asked.stdout.strip()
    known = {f"unix://{path}" for each in _SOCKETS for path in (each, str(Path(each).expanduser()))}
    if not address or address in known or address.startswith("npipe:"):
        return None
    return (
        f"Docker answers at {address}, a context that pulumi-docker does not know: `export DOCKER_HOST={address}`, "
        "or `pulumi config set imageBuilder pulumi-docker-build`."
    )


def _docker(*arguments: str, seconds: float) -> subprocess.CompletedProcess[str]:
    command = ["docker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603 - as written here
