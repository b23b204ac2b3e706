"""The build stage's own steps, run here as they are there; what they give is held in tests/image."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import cpython_tags, platform_tags

from scripts.image_tree import TreeError, finish, platforms

ROOT = Path(__file__).parents[2]
SCRIPT = str(ROOT / "scripts" / "image_tree.py")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)


@given(st.integers(17, 99))
def test_no_wheel_for_a_newer_glibc_is_taken(minor: int) -> None:
    found = platforms("arm64", f"glibc 2.{minor}")
    assert found[0] == f"manylinux_2_{minor}_aarch64"
    assert found[-2:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]
    assert len(found) == minor - 17 + 2


@pytest.mark.skipif(sys.platform != "linux", reason="the tags are those of a Linux machine")
def test_all_that_pip_would_take_on_the_target_is_taken() -> None:
    """For this very machine, against the tags that pip itself works out for it."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    told = set(platforms(architecture, os.confstr("CS_GNU_LIBC_VERSION") or ""))
    versioned = {tag for tag in platform_tags() if tag.startswith("manylinux_2_")}
    own = {tag for tag in versioned if int(tag.split("_")[2]) >= 17}
    assert own
    assert own <= told
    assert next(cpython_tags()).interpreter.startswith("cp")


@pytest.mark.parametrize("architecture", ["", "s390x", "x86_64"])
def test_a_machine_that_lambda_has_not(architecture: str) -> None:
    with pytest.raises(TreeError, match="Lambda runs linux/amd64 and linux/arm64; this build is for"):
        platforms(architecture, "glibc 2.34")


@pytest.mark.parametrize("glibc", ["", "musl 1.2", "glibc 3"])
def test_a_base_without_glibc(glibc: str) -> None:
    with pytest.raises(TreeError, match="needs glibc"):
        platforms("amd64", glibc)


def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "function.txt"
    lock.write_text(f"httptools==0.9.0 --hash=sha256:{'0' * 64}\n")
    done = run("dependencies", str(lock), "amd64", str(tmp_path / "tree"))
    assert done.returncode == 1
    assert "HASHES" in done.stderr
    assert done.stderr.endswith("pip could not install function.txt; its own words are above.\n")


def test_a_module_that_does_not_compile_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "var" / "task" / "broken.py"
    broken.parent.mkdir(parents=True)
    broken.write_text("def broken(:\n")
    done = run("finish", str(tmp_path))
    assert done.returncode == 1
    assert "broken.py" in done.stdout + done.stderr
    assert done.stderr.endswith("A module does not compile; the reason is above.\n")


def test_a_finished_tree_is_open_to_read_and_of_one_time(tmp_path: Path) -> None:
    module = tmp_path / "package" / "module.py"
    module.parent.mkdir(mode=0o700)
    module.write_text("x = 1\n")
    module.chmod(0o600)
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    (tmp_path / "link").symlink_to("/nowhere")
    finish(tmp_path)
    assert module.stat().st_mode & 0o777 == 0o644
    assert module.parent.stat().st_mode & 0o777 == program.stat().st_mode & 0o777 == 0o755
    assert list(module.parent.glob("__pycache__/module.*.pyc"))
    assert {path.lstat().st_mtime for path in (tmp_path, *tmp_path.rglob("*"))} == {0}


def test_the_usage() -> None:
    done = run("install")
    assert done.returncode == 2
    assert "image_tree.py dependencies LOCK ARCHITECTURE TREE" in done.stderr
