"""Whether Docker can build the image here, found out before anything is created."""

from __future__ import annotations

import json
import subprocess
from typing import Final, Literal

import pulumi

# What `docker info` shows where images are kept by containerd (Docker Desktop's and Engine 29's default).
_CONTAINERD: Final = "io.containerd.snapshotter"
_WAY_OUT: Final = (
    "or deploy an image that is already pushed: `pulumi config set imageBuilder prebuilt` and imageUri"
)
_SECONDS: Final = 20


def require_docker(builder: Literal["pulumi-docker", "pulumi-docker-build"]) -> None:
    """Check that Docker answers and that the builder can work with it.

    A preview builds nothing, so there it is a warning; `pulumi up` shows it before it asks whether to go on.

    Raises:
        pulumi.RunError: in an update; a sentence that says what to do.
    """
    problem = docker_problem(builder)
    if problem is None:
        return
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(problem)
    pulumi.log.warn(f"{problem} This preview goes on, since it builds nothing; `pulumi up` will stop here.")


def docker_problem(builder: Literal["pulumi-docker", "pulumi-docker-build"]) -> str | None:
    """What keeps a builder from building, as a sentence; None if nothing does."""
    command = ["docker", "info", "--format", "{{json .}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - as written here
    except FileNotFoundError:
        return f"Docker is not installed, and the image has to be built: install Docker, {_WAY_OUT}."
    except subprocess.TimeoutExpired:
        return f"Docker's daemon has not answered within {_SECONDS} seconds: restart Docker, {_WAY_OUT}."
    try:
        info = json.loads(done.stdout)
    except ValueError:
        info = {}
    # The command prints what it knows of itself also where no daemon answers, with the exit code 0 in some versions.
    if done.returncode or not info.get("ServerVersion"):
        words = (done.stderr.strip() or " ".join(info.get("ServerErrors") or ())).splitlines()
        said = f" ({words[-1].strip().rstrip('.')})" if words else ""
        return f"Docker's daemon does not answer{said}: start Docker, {_WAY_OUT}."
    keeps_in_containerd = any(_CONTAINERD in str(entry) for entry in info.get("DriverStatus") or ())
    if builder == "pulumi-docker" and keeps_in_containerd:
        return (
            "Docker keeps its images in containerd, from where pulumi-docker cannot push "
            "(pulumi-docker issue 967): `pulumi config set imageBuilder pulumi-docker-build`, or switch the containerd "
            'image store off (Docker Desktop: Settings, General; Engine: {"features": {"containerd-snapshotter": '
            "false}} in daemon.json, then restart it)."
        )
    return None
