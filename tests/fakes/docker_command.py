"""A `docker` command that answers `docker info` in each state that Docker can be in.

The texts are those of real commands: Docker 28.2 prints an empty object and fails where no daemon answers; Docker
20.10 prints its errors as JSON and succeeds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

State = Literal["overlay2", "containerd", "stopped", "stopped (20.10)", "mute", "hanging"]

_NO_DAEMON: Final = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
)
_ANSWERS: Final[dict[State, tuple[str, str, int]]] = {
    "overlay2": (
        json.dumps(
            {
                "ServerVersion": "28.2.2",
                "Driver": "overlay2",
                "DriverStatus": [["Backing Filesystem", "extfs"], ["Supports d_type", "true"]],
            }
        ),
        "",
        0,
    ),
    "containerd": (
        json.dumps(
            {
                "ServerVersion": "29.0.1",
                "Driver": "overlayfs",
                "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
            }
        ),
        "",
        0,
    ),
    "stopped": (
        json.dumps({"ServerVersion": "", "Driver": "", "DriverStatus": None}),
        f"{_NO_DAEMON}\n",
        1,
    ),
    "stopped (20.10)": (json.dumps({"ServerErrors": [_NO_DAEMON]}), "", 0),
    "mute": ("", "", 1),
}


def write_docker(folder: Path, state: State, *, address: str = "unix:///var/run/docker.sock") -> None:
    """Put a `docker` in a state into a folder for PATH.

    Args:
        folder: Where; it is made.
        state: What `docker info` shows.
        address: Of the daemon, in the context that `docker context inspect` shows.
    """
    folder.mkdir(exist_ok=True)
    command = folder / "docker"
    if state == "hanging":
        answer = "exec /bin/sleep 600"
    else:
        out, err, code = _ANSWERS[state]
        answer = f"cat <<'OUT'\n{out}\nOUT\ncat >&2 <<'ERR'\n{err}ERR\nexit {code}"
    command.write_text(
        f'#!/bin/sh\ncase "$1 $2" in\n"info --format")\n{answer}\n;;\n'
        f'"context inspect") echo "{address}" ;;\n*) exit 64 ;;\nesac\n'
    )
    command.chmod(0o755)
