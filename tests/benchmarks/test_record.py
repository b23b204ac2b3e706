from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks import record, report
from benchmarks.subjects import ROOT


def test_the_documents_say_what_was_measured() -> None:
    """Numbers are written by `make bench RECORD=1` alone: what a document says and results.json not is stale."""
    results = json.loads(record.RECORDED.read_text())
    assert report.missing(results) == []
    for document, write in record.DOCUMENTS.items():
        text = document.read_text()
        assert record.with_block(text, write(results)) == text, (
            f"{document.name} is stale: make bench RECORD=1"
        )


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    document = f"before\n{record.BEGIN}old\n{record.END}after\n"
    assert record.with_block(document, "new\n") == f"before\n{record.BEGIN}new\n{record.END}after\n"


@pytest.mark.parametrize(
    "document",
    [
        "no marks\n",
        record.BEGIN,
        record.END + record.BEGIN,
        (record.BEGIN + record.END) * 2,
    ],
)
def test_a_document_without_one_pair_of_marks_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="bench:begin"):
        record.with_block(document, "new\n")


def test_the_check_is_a_command() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks.record", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0
