"""What infra/ stages for the image is what Docker takes into a build from the repository itself."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

from infra.image_content import ROOT, stage

if TYPE_CHECKING:
    from pathlib import Path

_PLANTED = (
    *("README.md", "lambda/README.md", "lambda/chat/notes.md", "lambda/chat/__pycache__/app.cpython-313.pyc"),
    *(
        "lambda/.env",
        "lambda/.env.local",
        "lambda/chat/.envrc/key",
        "lambda/.DS_Store",
        "lambda/chat/.DS_Store",
    ),
    *("lambda/chat/old.pyc", "lambda/chat/old.pyo", "lambda/chat/old.pyd", "lambda/chat/table.json"),
    *(
        "lambda/chat/.hidden",
        "lambda/chat/env",
        "lambda/__pycache__x/a.py",
        "lambda/chat/a.mdx",
        "Pulumi.dev.yaml",
    ),
    *(
        "requirements/dev.txt",
        "scripts/setup.sh",
        "infra/image.py",
        ".git/config",
        ".cache/image/dev/lambda/a.py",
    ),
)


def _sent(docker: str, context: Path) -> dict[str, bytes]:
    """The files that Docker sends of a folder to a build, through its .dockerignore."""
    done = subprocess.run(
        [docker, "build", "-q", "--output", "type=tar,dest=-", "-f", "-", str(context)],
        input=b"FROM scratch\nCOPY . /\n",
        env=dict(os.environ) | {"DOCKER_BUILDKIT": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
        found = {each.name.lstrip("./"): files.extractfile(each) for each in files if each.isfile()}
        return {name: file.read() for name, file in found.items() if file}


def _staged(root: Path) -> dict[str, bytes]:
    context = root / stage("compared", root)
    return {
        each.relative_to(context).as_posix(): each.read_bytes()
        for each in context.rglob("*")
        if each.is_file()
    }


def test_the_stage_is_what_docker_would_take(docker: str, tmp_path: Path) -> None:
    for name in (".dockerignore", "Dockerfile.streaming", "lambda", "requirements", "scripts"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    for name in _PLANTED:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("planted")
    staged = _staged(tmp_path)
    # Docker takes the Dockerfile by its own way; here another one came through standard input.
    assert staged.pop("Dockerfile.streaming")
    sent = _sent(docker, tmp_path)
    assert set(staged) == set(sent)
    assert staged == sent
    assert {name for name in staged if staged[name] == b"planted"} == {
        *("lambda/chat/table.json", "lambda/chat/.hidden", "lambda/chat/env", "lambda/__pycache__x/a.py"),
        "lambda/chat/a.mdx",
    }
