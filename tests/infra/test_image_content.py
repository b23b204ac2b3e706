"""The hash that decides over a build: it changes with anything that reaches the image, and with nothing else."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.image_content import ROOT, content_hash, stage

if TYPE_CHECKING:
    from collections.abc import Callable

_TREE = {
    "Dockerfile.streaming": "FROM scratch\n",
    "lambda/chat/app.py": "handler = None\n",
    "lambda/chat/data.bin": "\0\1",
    "lambda/lambda_runtime/__main__.py": "",
    "requirements/function.txt": "httptools==0.7\n",
    "requirements/function-litellm.txt": "litellm==1\n",
    "scripts/image_tree.py": "print()\n",
}
_OUTSIDE = (
    *("README.md", "lambda/chat/README.md", "lambda/chat/__pycache__/app.cpython-313.pyc", "lambda/old.pyc"),
    *(
        "lambda/.env",
        "lambda/.env.local/key",
        "lambda/chat/.DS_Store",
        "requirements/dev.txt",
        "infra/image.py",
    ),
    *("scripts/setup.sh", "tests/test_x.py", "Pulumi.dev.yaml", "lambda/x.pyo", "lambda/x.pyd", ".git/HEAD"),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return _make(tmp_path / "tree")


def _make(root: Path) -> Path:
    for name, text in _TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_it_is_stable(tree: Path, tmp_path: Path) -> None:
    """The same files elsewhere, made in another order, at another time, are the same image."""
    other = tmp_path / "other"
    for name in reversed(_TREE):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree / name, other / name)
    assert content_hash(["arm64"], tree) == content_hash(["arm64"], other)
    assert len(content_hash([], tree)) == 16


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(_TREE)), st.data())
def test_a_byte_anywhere_changes_it(tmp_path: Path, name: str, data: st.DataObject) -> None:
    root = _make(tmp_path / "tree")
    before = content_hash(["arm64"], root)
    content = bytearray((root / name).read_bytes())
    at = data.draw(st.integers(0, len(content)))
    if at == len(content):
        content.append(data.draw(st.integers(0, 255)))
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    (root / name).write_bytes(content)
    assert content_hash(["arm64"], root) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "lambda/chat/new.py").write_text(""),
        lambda root: (root / "lambda/chat/app.py").unlink(),
        lambda root: (root / "lambda/chat/app.py").rename(root / "lambda/chat/apps.py"),
        lambda root: (root / "lambda/chat/app.py").rename(root / "lambda/app.py"),
        lambda root: (root / "lambda/chat/app.py").chmod(0o755),
    ],
    ids=["a new file", "a file less", "a name", "a folder", "a right to execute"],
)
def test_what_changes_it(tree: Path, change: Callable[[Path], object]) -> None:
    before = content_hash([], tree)
    change(tree)
    assert content_hash([], tree) != before


@pytest.mark.parametrize("between", ["", "\0", "\0\0", "\0000\0", "\0000\0\0"])
def test_two_files_are_never_taken_for_one(tree: Path, between: str) -> None:
    """Whatever stands between them in what is hashed, a file that has it all inside is another content."""
    before = content_hash([], tree)
    first, second = tree / "lambda/chat/app.py", tree / "lambda/chat/data.bin"
    first.write_text(f"{first.read_text()}lambda/chat/data.bin{between}{second.read_text()}")
    second.unlink()
    assert content_hash([], tree) != before


@pytest.mark.parametrize("name", _OUTSIDE)
def test_what_does_not_reach_the_image_does_not_change_it(tree: Path, name: str) -> None:
    before = content_hash([], tree)
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text("anything")
    assert content_hash([], tree) == before


def test_another_umask_is_no_other_image(tree: Path) -> None:
    before = content_hash([], tree)
    (tree / "lambda/chat/app.py").chmod(0o600)
    assert content_hash([], tree) == before


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_other_settings_are_another_image(one: list[str], other: list[str]) -> None:
    # A NUL parts one from the next; no setting has one.
    one, other = ([each.replace("\0", "") for each in both] for both in (one, other))
    assert (content_hash(one, Path("/nowhere")) == content_hash(other, Path("/nowhere"))) == (one == other)


def test_what_is_staged_is_what_is_hashed(tree: Path) -> None:
    (tree / "lambda/chat/app.py").chmod(0o755)
    for name in _OUTSIDE:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("anything")
    context = tree / stage("dev", tree)
    assert {each.relative_to(context).as_posix() for each in context.rglob("*") if each.is_file()} == set(
        _TREE
    )
    assert content_hash([], context) == content_hash([], tree)


def test_a_stage_has_modes_of_its_own(tree: Path) -> None:
    (tree / "lambda/chat/app.py").chmod(0o700)
    (tree / "lambda/chat/data.bin").chmod(0o600)
    context = tree / stage("dev", tree)
    assert (context / "lambda/chat/app.py").stat().st_mode & 0o777 == 0o755
    assert (context / "lambda/chat/data.bin").stat().st_mode & 0o777 == 0o644


def test_nothing_of_an_earlier_stage_stays(tree: Path) -> None:
    stage("dev", tree)
    (tree / "lambda/chat/data.bin").unlink()
    context = tree / stage("dev", tree)
    assert not (context / "lambda/chat/data.bin").exists()


def test_a_file_may_become_a_folder_and_a_folder_a_file(tree: Path) -> None:
    stage("dev", tree)
    (tree / "lambda/chat/data.bin").unlink()
    (tree / "lambda/chat/data.bin").mkdir()
    (tree / "lambda/chat/data.bin/part").write_text("1")
    shutil.rmtree(tree / "lambda/lambda_runtime")
    (tree / "lambda/lambda_runtime").write_text("2")
    context = tree / stage("dev", tree)
    assert content_hash([], context) == content_hash([], tree)


def test_a_run_beside_it_misses_nothing(tree: Path) -> None:
    context = tree / stage("dev", tree)
    done = threading.Event()

    def stage_again() -> None:
        for _ in range(50):
            stage("dev", tree)
        done.set()

    with ThreadPoolExecutor(1) as other:
        other.submit(stage_again)
        while not done.is_set():
            assert {
                name for name in _TREE if (context / name).read_bytes() != (tree / name).read_bytes()
            } == set()


def test_the_place_is_told_without_the_machine(tree: Path) -> None:
    """It goes into the state, where another machine's folder would be a difference at every change of hands."""
    assert stage("dev", tree) == Path(".cache/image/dev")


def test_every_input_of_the_project_is_there() -> None:
    """A renamed lock or Dockerfile must not be missed in silence."""
    context = ROOT / stage("tests-of-image-content")
    staged = {each.relative_to(context).as_posix() for each in context.rglob("*") if each.is_file()}
    shutil.rmtree(context)
    assert set(_TREE) - {"lambda/chat/data.bin"} <= staged
