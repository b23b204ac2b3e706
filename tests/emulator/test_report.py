"""The lines that Lambda writes about an environment, as CloudWatch shows them."""

from __future__ import annotations

import pytest

from emulator.invocation import FunctionError, Invocation
from emulator.report import Failure, Outcome, end_lines, init_report, start_line

_REQUEST = "c9054b3e-274b-4b93-9f5b-1c8454742066"


def invocation(
    trace_id: str = "Root=1-5e1b4151-5ac6c58f5ac6c58f5ac6c58f;Parent=5759e988bd862e3f;Sampled=0",
) -> Invocation:
    return Invocation(payload=b"", timeout=3, arn="arn", trace_id=trace_id, request_id=_REQUEST)


def test_an_invocation_that_is_well() -> None:
    assert start_line(invocation(), "$LATEST") == f"START RequestId: {_REQUEST} Version: $LATEST"
    end, report = end_lines(invocation(), Outcome(12.345, memory_mb=40), 128)
    assert end == f"END RequestId: {_REQUEST}"
    assert report.split("\t") == [
        f"REPORT RequestId: {_REQUEST}",
        "Duration: 12.35 ms",
        "Billed Duration: 13 ms",
        "Memory Size: 128 MB",
        "Max Memory Used: 40 MB",
    ]


def test_init_is_billed() -> None:
    report = end_lines(invocation(), Outcome(12.0, memory_mb=40, init_ms=100.5), 128)[1]
    assert "\tBilled Duration: 113 ms\t" in report
    assert report.endswith("\tInit Duration: 100.50 ms")


def test_memory_is_left_out_where_it_is_unknown() -> None:
    assert "Max Memory Used" not in end_lines(invocation(), Outcome(1.0), 128)[1]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Failure.timeout(3), "Status: timeout"),
        (Failure("Runtime.ExitError", "…"), "Status: error\tError Type: Runtime.ExitError"),
        (
            Failure("Runtime.ExitError", "…", report_type="Runtime.OutOfMemory"),
            "Status: error\tError Type: Runtime.OutOfMemory",
        ),
    ],
)
def test_how_it_failed(failure: Failure, status: str) -> None:
    assert end_lines(invocation(), Outcome(1.0, failure), 128)[1].endswith(f"\t{status}")
    assert init_report("init", 1.0, failure) == f"INIT_REPORT Init Duration: 1.00 ms\tPhase: init\t{status}"


def test_a_sampled_invocation_names_its_trace() -> None:
    sampled = invocation("Root=1-5e1b4151-5ac6c58f5ac6c58f5ac6c58f;Parent=5759e988bd862e3f;Sampled=1")
    assert end_lines(sampled, Outcome(1.0), 128)[2:] == [
        "XRAY TraceId: 1-5e1b4151-5ac6c58f5ac6c58f5ac6c58f\tSegmentId: 5759e988bd862e3f\tSampled: true"
    ]
    for other in ("", "Root=1-2-3", "nonsense;;="):
        assert len(end_lines(invocation(other), Outcome(1.0), 128)) == 2


def test_the_runtime_s_own_error_is_passed_on_as_it_is() -> None:
    own = FunctionError.of("Runtime.ImportModuleError", "No module named 'app'")
    failure = Failure(own.error_type, reported=own)
    assert failure.as_answer(_REQUEST) is own
    assert failure.lines(_REQUEST) == []
