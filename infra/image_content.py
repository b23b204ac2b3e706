"""What goes into the image, as one hash: the same hash, the same image, no build."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent
# As .dockerignore lets them through, with what decides over the build itself. tests/infra compares this with
# what Docker really sends.
INPUTS = (
    "Dockerfile.streaming",
    ".dockerignore",
    "lambda",
    "requirements/function.txt",
    "requirements/function-litellm.txt",
    "scripts/image_tree.py",
)
_IGNORED_SUFFIXES = {".pyc", ".pyo", ".pyd", ".md"}


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
        # The owner's right to execute is all of a file's mode that reaches the image (scripts/image_tree.py).
        executable = os.access(path, os.X_OK)
        name = PurePosixPath(path.relative_to(root)).as_posix()
        digest.update(f"{name}\0{executable:d}\0{len(content)}\0".encode())
        digest.update(content)
    for setting in settings:
        digest.update(f"\0{setting}".encode())
    return digest.hexdigest()[:16]


def _files(root: Path) -> Iterator[Path]:
    for name in INPUTS:
        path = root / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (each for each in found if each.is_file() and not _is_ignored(each.relative_to(root)))


def _is_ignored(path: Path) -> bool:
    return (
        "__pycache__" in path.parts
        or path.suffix in _IGNORED_SUFFIXES
        or path.name == ".DS_Store"
        or any(part.startswith(".env") for part in path.parts)
    )
