"""Where the tests' Pulumi engine comes from: the command on PATH, the one built before, or a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.commands import path_with, put

ROOT = Path(__file__).parents[2]
USED = ("bash", "dirname", "sed", "mkdir", "rm", "mv")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A working tree of its own, so that its .cache/ is empty."""
    copy = tmp_path / "tree"
    (copy / "scripts").mkdir(parents=True)
    for name in ("pulumi_engine.sh", "messages.sh"):
        shutil.copy(ROOT / "scripts" / name, copy / "scripts")
    shutil.copytree(ROOT / "scripts" / "pulumi_engine", copy / "scripts" / "pulumi_engine")
    return copy


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A PATH with what the script uses, and neither pulumi nor go."""
    return path_with(tmp_path / "bin", USED)


def engine(tree: Path, commands: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", str(tree / "scripts" / "pulumi_engine.sh"), *arguments],
        env=dict(os.environ) | {"PATH": str(commands)},
        capture_output=True,
        text=True,
        check=False,
    )


def cached(tree: Path) -> Path:
    """The place of an engine that was built before."""
    version = next(
        line.split(" v")[1].split()[0]
        for line in (tree / "scripts" / "pulumi_engine" / "go.mod").read_text().splitlines()
        if line.startswith("require github.com/pulumi/pulumi/pkg/v3 ")
    )
    return tree / ".cache" / "pulumi" / version / "pulumi"


@pytest.mark.parametrize("version", ["v3.200.0", "3.259.0", "v3.1000.0-alpha.1"])
def test_the_command_on_path_is_taken(tree: Path, commands: Path, version: str) -> None:
    program = put(commands, "pulumi", f"echo {version}")
    done = engine(tree, commands)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{program}\n", "")


@pytest.mark.parametrize("version", ["v3.199.9", "v2.300.0", "v4.0.0", "", "nonsense"])
def test_a_command_of_another_version_is_passed_over(tree: Path, commands: Path, version: str) -> None:
    put(commands, "pulumi", f"echo '{version}'")
    built = cached(tree)
    built.parent.mkdir(parents=True)
    put(built.parent, "pulumi", "")
    done = engine(tree, commands)
    assert (done.returncode, done.stdout) == (0, f"{built}\n")
    assert (
        f"is version {version.removeprefix('v') or 'unknown'}; the tests want 3.200 or newer" in done.stderr
    )


def test_there_is_none(tree: Path, commands: Path) -> None:
    done = engine(tree, commands)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("  FAIL  There is no Pulumi engine. Install Pulumi (https://")
    assert done.stderr.count("\n") == 1


def test_there_is_no_go_to_build_it_with(tree: Path, commands: Path) -> None:
    done = engine(tree, commands, "--build")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "  FAIL  go is missing, so the Pulumi engine cannot be built. Install Go 1."
    )


GO = 'case "$*" in "env GOVERSION") echo {version} ;; "env GOTOOLCHAIN") echo {toolchain} ;; build*) {build} ;; esac'
# What go does with its option -o, which stands behind `build -mod=readonly -buildvcs=false`.
BUILDS = 'test "$CGO_ENABLED" = 0 && echo > "$5"'


@pytest.mark.parametrize(
    ("version", "toolchain"), [("go1.19", "auto"), ("go1.24.4", "local"), ("go1.25.1", "local"), ("", "auto")]
)
def test_go_is_too_old(tree: Path, commands: Path, version: str, toolchain: str) -> None:
    put(commands, "go", GO.format(version=version, toolchain=toolchain, build=BUILDS))
    done = engine(tree, commands, "--build")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"go is version {version.removeprefix('go') or 'unknown'}, too old" in done.stderr


@pytest.mark.parametrize(("version", "toolchain"), [("go1.24.4", "auto"), ("go1.25.11", "local")])
def test_it_is_built_without_cgo_and_kept(tree: Path, commands: Path, version: str, toolchain: str) -> None:
    """A Go that is older than the module asks for fetches the newer one itself, where it may."""
    go = put(commands, "go", GO.format(version=version, toolchain=toolchain, build=BUILDS))
    done = engine(tree, commands, "--build")
    assert (done.returncode, done.stdout) == (0, f"{cached(tree)}\n"), done.stderr
    assert "Built in " in done.stderr
    go.unlink()
    cached(tree).chmod(0o755)
    assert engine(tree, commands).stdout == done.stdout


def test_a_build_that_fails_leaves_nothing_behind(tree: Path, commands: Path) -> None:
    build = 'echo half > "$5"; echo no network >&2; exit 1'
    put(commands, "go", GO.format(version="go1.26.0", toolchain="local", build=build))
    done = engine(tree, commands, "--build")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no network\n  FAIL  The Pulumi engine was not built; Go's own words are above." in done.stderr
    assert list(cached(tree).parent.iterdir()) == []


def test_the_usage(tree: Path, commands: Path) -> None:
    done = engine(tree, commands, "--rebuild")
    assert (done.returncode, done.stderr) == (1, "  FAIL  usage: pulumi_engine.sh [--build]\n")
