"""Makes the trees of files that Dockerfile.streaming copies into the image. Runs in its build stage.

    image_tree.py dependencies LOCK ARCHITECTURE TREE    installs locked wheels for amd64 or arm64 into TREE
    image_tree.py finish TREE                            compiles a tree and makes it fit for any user

Standard library and pip alone, and no command of the base: AWS's image has not even `find`. TREE is the image's
root; what runs is under var/task in it. Python and glibc of the target are taken to be those that run this.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import re
import subprocess
import sys
from pathlib import Path

TASK_ROOT = Path("var/task")
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# What nothing reads at run time: stubs, sources of compiled code, pip's own records. Licences and metadata stay.
USELESS = re.compile(r"\.(pyi|pyx|pxd|c|h)$|\.dist-info/(RECORD|INSTALLER|REQUESTED)$")
# Manylinux tags with a glibc version begin at 2.17 on both machines; older ones are aliases.
OLDEST_GLIBC_MINOR = 17


class TreeError(Exception):
    """A tree cannot be made; the message says what to do."""


def platforms(architecture: str, glibc: str) -> list[str]:
    """The wheel platforms that fit, newest first, of which pip takes exactly those that it is told.

    Args:
        architecture: Docker's TARGETARCH.
        glibc: the target's, as `os.confstr("CS_GNU_LIBC_VERSION")` names it: "glibc 2.34".

    Raises:
        TreeError: Lambda has no such machine, or the C library is not glibc.
    """
    if (machine := MACHINES.get(architecture)) is None:
        raise TreeError(
            f"Lambda runs linux/amd64 and linux/arm64; this build is for {architecture or 'an unnamed machine'}. "
            "Name one of them: --platform linux/arm64"
        )
    if not (found := re.fullmatch(r"glibc 2\.(\d+)", glibc)):
        raise TreeError(
            f"The base image needs glibc, for which the locked wheels are built; it has {glibc or 'none'}."
        )
    newest = int(found[1])
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(newest, OLDEST_GLIBC_MINOR - 1, -1)]
    # Wheels of old are named by the year; pip takes this one for all before it too.
    return [*tags, f"manylinux2014_{machine}"]


def install(lock: Path, architecture: str, tree: Path) -> None:
    """Put the wheels of a lock, checked by their hashes, into a tree, and take away what nothing reads.

    Raises:
        TreeError: for `platforms`, or pip failed and has said why.
    """
    try:
        glibc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except ValueError:
        glibc = ""
    task_root = tree / TASK_ROOT
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += [
        "--root-user-action=ignore",
        "--no-deps",
        "--no-compile",
        "--require-hashes",
        "--only-binary=:all:",
    ]
    command += ["--implementation=cp", "--python-version={}.{}".format(*sys.version_info[:2])]
    command += [f"--platform={tag}" for tag in platforms(architecture, glibc)]
    command += [f"--target={task_root}", f"--requirement={lock}"]
    if subprocess.run(command, check=False).returncode:
        raise TreeError(f"pip could not install {lock.name}; its own words are above.")
    for path in sorted(task_root.rglob("*"), reverse=True):
        relative = path.relative_to(task_root)
        # Console scripts are for people, and begin with the path of this stage's Python.
        if USELESS.search(relative.as_posix()) or relative.parts[0] == "bin":
            path.rmdir() if path.is_dir() else path.unlink()


def finish(tree: Path) -> None:
    """Compile all modules, let any user read everything, and give all files one time.

    The byte code holds whatever its source's time is (PEP 552's unchecked hashes), so no start compiles or looks
    at one. Lambda's user has no rights, and a checkout under a strict umask would be closed to it. With one time
    for all files the same sources give the same layers, and an unchanged layer is not pushed again.

    Raises:
        TreeError: a module does not compile.
    """
    if not compileall.compile_dir(
        tree,
        quiet=1,
        workers=0,
        stripdir=str(tree),
        prependdir="/",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    ):
        raise TreeError("A module does not compile; the reason is above.")
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
        os.utime(path, (0, 0), follow_symlinks=False)


def main(arguments: list[str]) -> int:
    """Run one command; the exit code is 1 where it failed, with a sentence on standard error."""
    try:
        match arguments:
            case ["dependencies", lock, architecture, tree]:
                install(Path(lock), architecture, Path(tree))
            case ["finish", tree]:
                finish(Path(tree))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except TreeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
