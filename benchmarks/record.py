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

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.report import Results

RECORDED: Final = ROOT / "benchmarks" / "results.json"
DOCUMENTS: Final[dict[Path, Callable[[Results], str]]] = {
    ROOT / "README.md": report.summarize,
    ROOT / "docs" / "benchmarks.md": report.render,
}
BEGIN: Final = "<!-- bench:begin -->\n"
END: Final = "<!-- bench:end -->\n"


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
    for document, write in DOCUMENTS.items():
        document.write_text(with_block(document.read_text(), write(results)))
    return 0


def with_block(document: str, block: str) -> str:
    """A document with the text between its marks replaced.

    Raises:
        ValueError: it has not exactly one pair of marks.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise ValueError(
            f"The document must have {BEGIN.strip()} and {END.strip()} once, each on its own line."
        )
    return f"{before}{begin}{block}{end}{after}"


def _check() -> int:
    results = json.loads(RECORDED.read_text())
    stale = [
        str(document.relative_to(ROOT))
        for document, write in DOCUMENTS.items()
        if with_block(document.read_text(), write(results)) != document.read_text()
    ]
    if stale:
        print(
            f"{' and '.join(stale)} do not say what benchmarks/results.json says. The numbers are written by "
            "make bench RECORD=1, never by hand.",
            file=sys.stderr,
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
