"""What an image adds to its base, read from `docker save`: files by path, with mode and content."""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass


@dataclass(frozen=True)
class Added:
    """A file or directory of an image that its base does not have; `content` is empty for a directory."""

    path: str
    mode: int
    uid: int
    is_file: bool
    content: bytes


def layer_digests(docker: str, image: str) -> list[str]:
    """The digests of an image's layers, the base's first."""
    shown = subprocess.run(
        [docker, "image", "inspect", "-f", "{{json .RootFS.Layers}}", image], capture_output=True, check=True
    )
    digests: list[str] = json.loads(shown.stdout)
    return digests


def added_to(docker: str, image: str, base: str | None) -> list[Added]:
    """Everything in the layers of `image` after those of `base` (None: of an empty base)."""
    beneath = layer_digests(docker, base) if base else []
    assert layer_digests(docker, image)[: len(beneath)] == beneath
    added = []
    with tempfile.TemporaryFile() as saved:
        subprocess.run([docker, "save", image], stdout=saved, check=True)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as archive:
            manifest = archive.extractfile("manifest.json")
            assert manifest is not None
            for name in json.load(manifest)[0]["Layers"][len(beneath) :]:
                layer = archive.extractfile(name)
                assert layer is not None
                with tarfile.open(fileobj=layer, mode="r:*") as files:
                    for member in files:
                        content = files.extractfile(member) if member.isfile() else None
                        added.append(
                            Added(
                                member.name.removeprefix("./").rstrip("/"),
                                member.mode,
                                member.uid,
                                member.isfile(),
                                content.read() if content else b"",
                            )
                        )
    return added
