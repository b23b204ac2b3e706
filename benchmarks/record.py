"""Keeps the last `make bench` as the project's own numbers, and writes them where people read them.

    python -m benchmarks.record           the last run → benchmarks/results.json, README.md, docs/benchmarks.md
    python -m benchmarks.record --check   exit code 1 if the two documents do not say what results.json says

In a document, everything between `<!-- bench:begin -->` and `<!-- bench:end -->` is written by this.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from benchmarks import report
from benchmarks.run import LATEST
from benchmarks.subjects import ROOT
from scripts.generated_block import rewritten, with_block

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.report import Results

RECORDED: Final = ROOT / "benchmarks" / "results.json"
DOCUMENTS: Final[dict[Path, Callable[[Results], str]]] = {
    ROOT / "README.md": report.summarize,
    ROOT / "docs" / "benchmarks.md": report.render,
}


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        return _check()
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    if not LATEST.exists():
        print("There is no run to keep. Run make bench first.", file=sys.stderr)
        return 1
    text = LATEST.read_text()
    results = json.loads(text)
    if missing := report.missing(results):
        print(
            f"The last run lacks {', '.join(missing)}. Run make bench without ONLY, where cargo is installed.",
            file=sys.stderr,
        )
        return 1
    RECORDED.write_text(text)
    rewritten(_documents(results), check=False)
    return 0


def _documents(results: Results) -> dict[Path, str]:
    """The documents as these results have them."""
    return {each: with_block(each.read_text(), "bench", write(results)) for each, write in DOCUMENTS.items()}


def _check() -> int:
    results = json.loads(RECORDED.read_text())
    if missing := report.missing(results):
        print(
            f"benchmarks/results.json lacks {', '.join(missing)}. Measure anew: make bench RECORD=1.",
            file=sys.stderr,
        )
        return 1
    stale = rewritten(_documents(results), check=True)
    if stale:
        names = " and ".join(str(each.relative_to(ROOT)) for each in stale)
        print(
            f"{names} do not say what benchmarks/results.json says. The numbers are written by "
            "make bench RECORD=1, never by hand.",
            file=sys.stderr,
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
