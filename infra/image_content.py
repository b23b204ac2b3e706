"""What goes into the image: its files, staged in one folder, and one hash over them. Same hash, same image."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT: Final = Path(__file__).parent.parent
# What .dockerignore lets through; tests/image compares this with what Docker then sends.
_INPUTS: Final = (
    "Dockerfile.streaming",
    "lambda",
    "requirements/function.txt",
    "requirements/function-litellm.txt",
    "scripts/image_tree.py",
)
_IGNORED_SUFFIXES: Final = {".pyc", ".pyo", ".pyd", ".md"}


def stage(name: str, root: Path = ROOT) -> Path:
    """Copy what goes into the image to a folder of its own, the build context.

    Both image providers compare a context by its files' names, modes and contents. With the modes made equal a
    checkout under another umask is no other context, and what lies about in the working tree never is.

    What is there already is brought up to date file by file, so that another run that reads it at the same time,
    as a test does beside a deployment, never misses one.

    Args:
        name: Of the folder.
        root: The project's folder.

    Returns:
        The folder, relative to `root`: the state must not name a machine's folders.
    """
    context = root / ".cache" / "image" / name
    wanted = {context / path.relative_to(root): path for path in _files(root)}
    _remove_all_but(set(wanted), context)
    context.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=context.parent) as aside:
        for copy, path in wanted.items():
            new = Path(aside, path.name)
            shutil.copyfile(path, new)
            # The right to execute is all of a file's mode that reaches the image (scripts/image_tree.py).
            new.chmod(0o755 if _is_executable(path) else 0o644)
            copy.parent.mkdir(parents=True, exist_ok=True)
            new.replace(copy)
    return context.relative_to(root)


def _remove_all_but(wanted: set[Path], context: Path) -> None:
    folders = {folder for path in wanted for folder in path.parents}
    for found in sorted(context.rglob("*")):
        if found.is_dir() and not found.is_symlink():
            if found not in folders:
                shutil.rmtree(found, ignore_errors=True)
        elif found not in wanted:
            found.unlink(missing_ok=True)


def content_hash(settings: Iterable[str], root: Path = ROOT) -> str:
    """A hash over every file that goes into the image and over what the build is told.

    Args:
        settings: Whatever else makes another image: platform, build arguments, the repository it is pushed to.
        root: The project's folder.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in _files(root):
        content = path.read_bytes()
        name = path.relative_to(root).as_posix()
        digest.update(f"{name}\0{_is_executable(path):d}\0{len(content)}\0".encode())
        digest.update(content)
    for setting in settings:
        digest.update(f"\0{setting}".encode())
    return digest.hexdigest()[:16]


def _files(root: Path) -> Iterator[Path]:
    for name in _INPUTS:
        path = root / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (each for each in found if each.is_file() and not _is_ignored(each.relative_to(root)))


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o100)


def _is_ignored(path: Path) -> bool:
    return (
        "__pycache__" in path.parts
        or path.suffix in _IGNORED_SUFFIXES
        or path.name == ".DS_Store"
        or any(part.startswith(".env") for part in path.parts)
    )
