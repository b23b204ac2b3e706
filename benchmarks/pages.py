"""What the chat page costs its reader: the bytes of its scripts and styles, gzipped as a web server sends them."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.scenarios import Numbers, Scenario
from benchmarks.stand import WrongAnswerError
from benchmarks.subjects import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.stand import Stand

_FRONTEND: Final = ROOT / "frontend"
_KB: Final = 1e-3


@dataclass(frozen=True)
class Page:
    """One column of the table: an HTML file of frontend/."""

    name: str
    title: str
    html: str

    @staticmethod
    def missing() -> str | None:
        """Why the pages cannot be built here, or None."""
        if shutil.which("npm") is None:
            return "npm is missing, which builds the page (Debian: apt-get install npm)"
        if not (_FRONTEND / "node_modules").is_dir():
            return "the page's packages are not installed: make page"
        return None


def size(_stand: Stand, page: Page) -> Numbers:
    """Of the page as `npm run build` makes it: what its HTML loads at once, and what is loaded when it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder)
        _build(built)
        return measured(built, page)


def measured(built: Path, page: Page) -> Numbers:
    """The sizes of a page in a folder that Vite has built with a manifest.

    Raises:
        WrongAnswerError: the page is not there, or its HTML does not load what the manifest says.
    """
    try:
        manifest: dict[str, Any] = json.loads((built / ".vite" / "manifest.json").read_text())
        html = (built / page.html).read_text()
        entry = manifest[page.html]
    except (OSError, KeyError) as error:
        raise WrongAnswerError(f"The build has no {page.html}: {error!r}") from error
    if entry["file"] not in html:
        raise WrongAnswerError(
            f"{page.html} does not load {entry['file']}, which the manifest calls its script."
        )
    at_once = set(_files(manifest, page.html, dynamic=False))
    later = set(_files(manifest, page.html, dynamic=True)) - at_once
    numbers = {
        "page_kb": sum(_gzipped(built / file) for file in at_once) * _KB,
        "page_raw_kb": sum((built / file).stat().st_size for file in at_once) * _KB,
    }
    return numbers | ({"page_later_kb": sum(_gzipped(built / file) for file in later) * _KB} if later else {})


def _files(manifest: Mapping[str, Any], entry: str, *, dynamic: bool) -> Iterator[str]:
    """The scripts and styles of an entry and of all that it imports, `dynamic` imports included or not."""
    seen: set[str] = set()
    pending = [entry]
    while pending:
        if (key := pending.pop()) in seen:
            continue
        seen.add(key)
        yield manifest[key]["file"]
        yield from manifest[key].get("css", ())
        pending += manifest[key].get("imports", ())
        if dynamic:
            pending += manifest[key].get("dynamicImports", ())


def _gzipped(file: Path) -> int:
    # Level 6 is what web servers and CDNs take by default or near it.
    return len(gzip.compress(file.read_bytes(), 6, mtime=0))


def _build(folder: Path) -> None:
    command = [
        "npm",
        "run",
        "--silent",
        "build",
        "--",
        "--manifest",
        "--emptyOutDir",
        "--outDir",
        str(folder),
    ]
    # The address that would be baked in is no part of what is measured.
    variables = {name: value for name, value in os.environ.items() if name != "LAMBDA_ENDPOINT"}
    done = subprocess.run(
        command,
        cwd=_FRONTEND,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WrongAnswerError(f"The page could not be built:\n{done.stdout}")


AI_SDK_7: Final = Page("page_7", "AI SDK 7", "index.html")
AI_SDK_4: Final = Page("page_4", "AI SDK 4", "v4.html")
PAGE: Final[Scenario[Page]] = Scenario("page", 1, size, (AI_SDK_7, AI_SDK_4))
