"""What a page weighs is what its reader loads: shared and nested scripts, styles, each once."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.pages import AI_SDK_4, AI_SDK_7, PAGE, measured
from benchmarks.stand import WrongAnswerError
from benchmarks.subjects import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SIZES = {
    "main.js": 3_000,
    "v4.js": 1_000,
    "shared.js": 2_000,
    "deep.js": 500,
    "page.css": 400,
    "late.js": 700,
}
MANIFEST: dict[str, dict[str, Any]] = {
    "index.html": {
        "file": "main.js",
        "imports": ["_shared"],
        "dynamicImports": ["late"],
        "css": ["page.css"],
    },
    "v4.html": {"file": "v4.js", "imports": ["_shared", "_deep"], "css": ["page.css"]},
    "_shared": {"file": "shared.js", "imports": ["_deep"], "css": ["page.css"]},
    "_deep": {"file": "deep.js", "imports": ["_shared"]},
    "late": {"file": "late.js", "imports": ["_shared"]},
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    content = random.Random(1)
    for name, size in SIZES.items():
        (tmp_path / name).write_bytes(content.randbytes(size))
    for page in ("index.html", "v4.html"):
        (tmp_path / page).write_text(f'<script type="module" src="./{MANIFEST[page]["file"]}"></script>')
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(MANIFEST))
    return tmp_path


def gzipped(folder: Path, *names: str) -> float:
    return sum(len(gzip.compress((folder / name).read_bytes(), 6, mtime=0)) for name in names) / 1000


def test_each_file_counts_once_and_late_ones_apart(built: Path) -> None:
    numbers = measured(built, AI_SDK_7)
    assert numbers["page_kb"] == pytest.approx(gzipped(built, "main.js", "shared.js", "deep.js", "page.css"))
    assert numbers["page_later_kb"] == pytest.approx(gzipped(built, "late.js"))
    assert numbers["page_raw_kb"] == pytest.approx(5.9)


def test_a_page_weighs_nothing_of_the_other(built: Path) -> None:
    numbers = measured(built, AI_SDK_4)
    assert numbers["page_kb"] == pytest.approx(gzipped(built, "v4.js", "shared.js", "deep.js", "page.css"))
    assert "page_later_kb" not in numbers


def test_a_page_that_does_not_load_its_script_is_refused(built: Path) -> None:
    (built / "index.html").write_text("<p>empty</p>")
    with pytest.raises(WrongAnswerError, match="does not load"):
        measured(built, AI_SDK_7)
    (built / "index.html").unlink()
    with pytest.raises(WrongAnswerError, match=r"no index\.html"):
        measured(built, AI_SDK_7)


def test_every_page_of_the_front_end_is_measured() -> None:
    assert {page.html for page in PAGE.compared} == {path.name for path in (ROOT / "frontend").glob("*.html")}
