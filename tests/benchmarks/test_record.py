from __future__ import annotations

import json
import subprocess
import sys

from benchmarks import record, report
from benchmarks.subjects import ROOT
from scripts.generated_block import with_block


def test_the_documents_say_what_was_measured() -> None:
    """Numbers are written by `make bench RECORD=1` alone: what a document says and results.json not is stale."""
    results = json.loads(record.RECORDED.read_text())
    assert report.missing(results) == []
    for document, write in record.DOCUMENTS.items():
        text = document.read_text()
        assert with_block(text, "bench", write(results)) == text, (
            f"{document.name} is stale: make bench RECORD=1"
        )


def test_the_check_is_a_command() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks.record", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0
