"""The image itself: what is in it, and that nothing else is."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.image.image_layers import Added, added_to, layer_digests

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
MEBIBYTE = 1 << 20
# The glibc of Amazon Linux 2023, on which the function runs.
LAMBDA_GLIBC = 34
ELF_MACHINES = {"amd64": 62, "arm64": 183}


@pytest.fixture(scope="session")
def added(docker: str, image: str, base_image: str) -> list[Added]:
    return added_to(docker, image, base_image)


def build_of(docker: str, name: str, dockerfile: bytes, *options: str) -> str:
    """Build an image for a test alone, of the repository's own context."""
    subprocess.run(
        [docker, "build", "-q", *options, "-t", name, "-f", "-", str(ROOT)],
        input=dockerfile,
        env=dict(os.environ) | {"DOCKER_BUILDKIT": "1"},
        capture_output=True,
        check=True,
    )
    return name


@pytest.fixture(scope="session")
def empty_arm64(docker: str) -> str:
    """An arm64 base with no file in it: whatever ran something of the target would fail."""
    name = "lambda-token-streaming:empty-arm64"
    return build_of(docker, name, b'FROM scratch\nLABEL purpose="test"\n', "--platform", "linux/arm64")


def in_image(docker: str, image: str, code: str) -> str:
    """Run Python in the image as Lambda would: a user without rights, nothing writable but /tmp."""
    command = [
        docker,
        "run",
        "--rm",
        "--read-only",
        "--tmpfs",
        "/tmp",
        "--user",
        "993:990",
        "--network",
        "none",
    ]
    done = subprocess.run(
        [*command, "--entrypoint", "python3", image, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def locked(name: str) -> list[Requirement]:
    lines = (ROOT / "requirements" / name).read_text().replace("\\\n", "").splitlines()
    return [
        Requirement(re.sub(r" --hash=\S+", "", line)) for line in lines if line and not line.startswith("#")
    ]


def shared_objects(added: list[Added]) -> list[Added]:
    return [file for file in added if file.path.endswith(".so") or ".so." in file.path]


def machine(file: Added) -> int:
    """The machine of an ELF file (e_machine, two bytes at offset 18)."""
    assert file.content[:4] == b"\x7fELF"
    number: int = struct.unpack_from("<H", file.content, 18)[0]
    return number


def test_only_code_and_locked_dependencies_are_added(added: list[Added]) -> None:
    code = {path.relative_to(ROOT / "lambda").parts[0] for path in (ROOT / "lambda").glob("*/__init__.py")}
    dependencies = {requirement.name for requirement in locked("function.txt")}
    outside = [
        a.path for a in added if not a.path.startswith("var/task/") and a.path not in ("var", "var/task")
    ]
    assert outside == []
    top = {a.path.split("/")[2] for a in added if a.path.startswith("var/task/")}
    assert {re.sub(r"-[^-]*\.dist-info$", "", name) for name in top} == code | dependencies


def test_the_builder_is_sent_the_code_and_its_locks_alone(docker: str) -> None:
    """No secret that lies beside the code can come into a layer, and no other file's change costs a build."""
    name = build_of(docker, "lambda-token-streaming:test-context", b"FROM scratch\nCOPY . /\n")
    sent = [a.path for a in added_to(docker, name, None) if a.is_file]
    subprocess.run([docker, "rmi", "-f", name], capture_output=True, check=True)
    assert sorted(path for path in sent if not re.fullmatch(r"lambda/.*\.(py|typed)", path)) == [
        "requirements/function-litellm.txt",
        "requirements/function.txt",
        "scripts/image_tree.py",
    ]


def test_the_code_is_all_there(added: list[Added]) -> None:
    in_repository = {
        f"var/task/{path.relative_to(ROOT / 'lambda')}": path.read_bytes()
        for path in (ROOT / "lambda").rglob("*.py")
    }
    in_image = {a.path: a.content for a in added if a.path.endswith(".py")}
    assert in_repository == {path: in_image.get(path) for path in in_repository}


def test_nothing_is_added_that_does_not_run(added: list[Added]) -> None:
    """Stubs, sources of compiled code, pip's records, console scripts, tests, documents of the repository."""
    useless = (".pyi", ".pyx", ".pxd", ".c", ".h", "/RECORD", "/INSTALLER", "/REQUESTED")
    assert [a.path for a in added if a.path.endswith(useless)] == []
    assert [a.path for a in added if a.path.endswith(".md") and "dist-info" not in a.path] == []
    assert [a.path for a in added if {"bin", "tests", "pip"} & set(a.path.split("/"))] == []


def test_licences_of_the_dependencies_stay(added: list[Added]) -> None:
    licensed = {a.path.split("/")[2].split("-")[0] for a in added if "LICENSE" in a.path}
    assert licensed == {requirement.name for requirement in locked("function.txt")}


def test_it_is_small(added: list[Added]) -> None:
    """The design's bound is 60 MB over the base; the image is twenty times smaller, and should stay near that."""
    assert sum(len(a.content) for a in added) < 10 * MEBIBYTE


def test_any_user_can_read_it_and_none_can_change_it(added: list[Added]) -> None:
    for a in added:
        assert a.mode & 0o777 in ((0o644, 0o755) if a.is_file else (0o755,)), a.path
        assert a.uid == 0, a.path


def test_every_module_is_compiled_and_its_source_is_never_looked_at(
    added: list[Added], docker: str, image: str
) -> None:
    """PEP 552: flags 0b01 say that the byte code holds whatever time or content the source has."""
    version, magic = in_image(
        docker,
        image,
        "import sys, importlib.util as u; print(sys.implementation.cache_tag, u.MAGIC_NUMBER.hex())",
    ).split()
    by_path = {a.path: a.content for a in added}
    sources = [path for path in by_path if path.endswith(".py")]
    assert len(sources) > 20
    for path in sources:
        folder, _, name = path.rpartition("/")
        compiled = by_path[f"{folder}/__pycache__/{name.removesuffix('.py')}.{version}.pyc"]
        assert compiled[:4].hex() == magic, path
        assert struct.unpack_from("<I", compiled, 4)[0] == 0b01, path


def test_the_function_is_loaded_from_byte_code(docker: str, image: str) -> None:
    """What `python3 -v` says of each module: no source under /var/task is compiled at start."""
    done = subprocess.run(
        [
            docker,
            "run",
            "--rm",
            "--entrypoint",
            "python3",
            image,
            "-v",
            "-c",
            "import chat.app, lambda_runtime",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = re.findall(r"# code object from '?(/var/task/[^'\n]+)", done.stderr)
    assert [path for path in loaded if not path.endswith(".pyc")] == []
    assert "/var/task/chat/__pycache__/app." in done.stderr


def test_the_command_is_the_streaming_handler(docker: str, image: str) -> None:
    shown = subprocess.run([docker, "image", "inspect", image], capture_output=True, check=True)
    config = json.loads(shown.stdout)[0]["Config"]
    assert config["Entrypoint"] == ["python3", "-m", "lambda_runtime"]
    assert config["Cmd"] == ["chat.app.streaming_handler"]
    assert config["WorkingDir"] == "/var/task"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "MIT"


def test_the_shared_objects_fit_lambda(added: list[Added], docker: str, image: str) -> None:
    """Built for the image's machine, and for no newer glibc than Amazon Linux 2023 has."""
    shown = subprocess.run(
        [docker, "image", "inspect", "-f", "{{.Architecture}}", image],
        capture_output=True,
        text=True,
        check=True,
    )
    objects = shared_objects(added)
    assert objects
    for file in objects:
        assert machine(file) == ELF_MACHINES[shown.stdout.strip()], file.path
        needed = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", file.content)]
        assert max(needed, default=0) <= LAMBDA_GLIBC, file.path


@pytest.mark.parametrize("litellm", ["0", "1"])
def test_arm64_is_built_without_running_anything_of_it(
    build: Callable[..., str], docker: str, base_image: str, empty_arm64: str, litellm: str
) -> None:
    """The target has no file, no shell, no Python; the wheels are real ones for aarch64."""
    name = build(
        f"lambda-token-streaming:test-arm64-{litellm}",
        BASE_IMAGE=empty_arm64,
        BUILD_IMAGE=base_image,
        PLATFORM="linux/arm64",
        LITELLM=litellm,
    )
    objects = shared_objects(added_to(docker, name, None))
    assert len(objects) >= 3
    assert {machine(file) for file in objects} == {ELF_MACHINES["arm64"]}


def test_litellm_is_added_by_a_build_argument(
    build: Callable[..., str], docker: str, base_image: str, added: list[Added]
) -> None:
    """The model's name gives it here. It works where /tmp alone is writable, and is not there otherwise."""
    name = build("lambda-token-streaming:test-litellm", CHAT_MODEL="anthropic/claude-sonnet")
    assert in_image(docker, name, "import litellm; print(litellm.acompletion.__name__)") == "acompletion\n"
    assert [a.path for a in added if "litellm" in a.path.lower() and "/chat/" not in a.path] == []
    # Its packages bring console scripts, which have no place in the image.
    assert [a.path for a in added_to(docker, name, base_image) if a.path.startswith("var/task/bin")] == []


def test_a_private_checkout_gives_the_same_layers(
    build: Callable[..., str], docker: str, tmp_path: Path
) -> None:
    """Files that only their owner can read, of another time: a strict umask must not reach Lambda."""
    public, private = tmp_path / "public", tmp_path / "private"
    for name in ("lambda", "requirements", "scripts"):
        shutil.copytree(ROOT / name, public / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Dockerfile.streaming", ".dockerignore"):
        shutil.copy(ROOT / name, public)
    shutil.copytree(public, private, copy_function=shutil.copyfile)
    for path in private.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    layers = [
        layer_digests(docker, build(f"lambda-token-streaming:test-{root.name}", root=root))
        for root in (public, private)
    ]
    assert layers[0] == layers[1]


@pytest.mark.parametrize("lock", ["function.txt", "function-litellm.txt"])
def test_no_dependency_depends_on_the_machine_that_builds(lock: str) -> None:
    """pip takes wheels for the target but reads markers for the machine it runs on: both must choose the same."""
    for requirement in locked(lock):
        chosen = {
            requirement.marker is None
            or requirement.marker.evaluate({"platform_machine": machine, "sys_platform": "linux"})
            for machine in ("x86_64", "aarch64")
        }
        assert len(chosen) == 1, str(requirement)
