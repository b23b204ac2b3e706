"""Whether Docker can build, by a real `docker` process in each of its states."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.docker_engine import Builder, docker_problem
from tests.fakes.docker_command import State, write_docker
from tests.fakes.pulumi_program import RefusedError, refusal, run_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    SetDocker = Callable[[State | None], None]

_BUILDERS: tuple[Builder, ...] = ("pulumi-docker", "pulumi-docker-build")
_WAY_OUT = "or deploy an image that is already pushed: `pulumi config set imageBuilder prebuilt` and imageUri"
_ABSENT = f"Docker is not installed, and the image has to be built: install Docker, {_WAY_OUT}."
_STOPPED = (
    "Docker's daemon does not answer (Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the "
    f"docker daemon running?): start Docker, {_WAY_OUT}."
)
_MUTE = f"Docker's daemon does not answer: start Docker, {_WAY_OUT}."
_CONTAINERD = (
    "Docker keeps its images in containerd, from where pulumi-docker cannot push (pulumi-docker issue 967): `pulumi "
    "config set imageBuilder pulumi-docker-build`, or switch the containerd image store off (Docker Desktop: "
    'Settings, General; Engine: {"features": {"containerd-snapshotter": false}} in daemon.json, then restart it).'
)


@pytest.mark.parametrize("builder", _BUILDERS)
@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (None, _ABSENT),
        ("stopped", _STOPPED),
        ("stopped (20.10)", _STOPPED),
        ("mute", _MUTE),
        ("overlay2", None),
    ],
)
def test_what_keeps_both_from_building(
    set_docker: SetDocker, builder: Builder, state: State | None, problem: str | None
) -> None:
    set_docker(state)
    assert docker_problem(builder) == problem


def test_the_containerd_store_is_no_place_to_push_from_for_one_of_them(set_docker: SetDocker) -> None:
    set_docker("containerd")
    assert docker_problem("pulumi-docker") == _CONTAINERD
    assert docker_problem("pulumi-docker-build") is None


@pytest.mark.parametrize("builder", _BUILDERS)
def test_a_daemon_that_hangs(set_docker: SetDocker, builder: Builder) -> None:
    set_docker("hanging")
    assert docker_problem(builder, seconds=0.1) == (
        f"Docker's daemon has not answered within 0.1 seconds: restart Docker, {_WAY_OUT}."
    )


def test_a_command_that_cannot_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").write_text("not a program")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert docker_problem("pulumi-docker") == _ABSENT


def test_a_context_that_pulumi_docker_does_not_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks at a few sockets and DOCKER_HOST, and knows nothing of the command's contexts (Colima, Rancher)."""
    address = "unix:///home/me/.colima/default/docker.sock"
    write_docker(tmp_path / "colima", "overlay2", address=address)
    monkeypatch.setenv("PATH", str(tmp_path / "colima"), prepend=":")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert docker_problem("pulumi-docker") == (
        f"Docker answers at {address}, a context that pulumi-docker does not know: `export DOCKER_HOST={address}`, or "
        "`pulumi config set imageBuilder pulumi-docker-build`."
    )
    assert docker_problem("pulumi-docker-build") is None
    monkeypatch.setenv("DOCKER_HOST", address)
    assert docker_problem("pulumi-docker") is None


@pytest.mark.parametrize("address", ["~/.docker/run/docker.sock", "~/.docker/desktop/docker.sock"])
def test_a_socket_of_docker_desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    write_docker(tmp_path / "desktop", "overlay2", address=f"unix://{address.replace('~', '/home/me')}")
    monkeypatch.setenv("PATH", str(tmp_path / "desktop"), prepend=":")
    assert docker_problem("pulumi-docker") is None


@pytest.mark.parametrize("builder", _BUILDERS)
def test_an_update_stops_before_anything_is_created(set_docker: SetDocker, builder: Builder) -> None:
    set_docker(None)
    assert refusal({"imageBuilder": builder}) == _ABSENT


@pytest.mark.parametrize("builder", _BUILDERS)
def test_a_preview_goes_on_with_a_warning(set_docker: SetDocker, builder: Builder) -> None:
    set_docker("stopped")
    program = run_program({"imageBuilder": builder}, preview=True)
    assert program.warnings == [
        f"{_STOPPED} This preview goes on and leaves the image out; `pulumi up` will stop here."
    ]
    assert program.all("aws:lambda/function:Function")


def test_a_prebuilt_image_needs_no_docker(set_docker: SetDocker) -> None:
    set_docker(None)
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chat@sha256:" + "0" * 64
    program = run_program({"imageBuilder": "prebuilt", "imageUri": image})
    assert program.warnings == []


def test_what_docker_lacks_is_said_once(set_docker: SetDocker) -> None:
    set_docker("containerd")
    with pytest.raises(RefusedError) as error:
        run_program()
    assert error.value.sentence == _CONTAINERD
