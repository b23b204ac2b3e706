"""Each fault, as the platform does it, on a real process that sends four chunks in one write."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.faults import Fault, FaultError, FaultKind
from emulator.invocation import FunctionError, ResponseEnd, ResponseStart
from emulator.prelude import PreludeReader
from tests.emulator.conftest import HERE, PATIENCE

if TYPE_CHECKING:
    from emulator.invocation import Invocation
    from tests.emulator.conftest import Emulator, StartEmulator

_LAMBDA = str(HERE.parents[1] / "lambda")


@given(kind=st.sampled_from(FaultKind), after=st.none() | st.integers(0, 999_999_999))
def test_a_fault_reads_as_it_is_written(kind: FaultKind, after: int | None) -> None:
    fault = Fault(kind, after)
    assert Fault.parse(f" {fault} ") == fault


@pytest.mark.parametrize("text", ["", "oops", "kill@", "kill@-1", "kill@x", "@3", "kill@٣", "kill 3"])
def test_what_is_no_fault_is_a_sentence(text: str) -> None:
    with pytest.raises(FaultError, match="write one of timeout, kill, gone, slow-reader, with @N"):
        Fault.parse(text)


def begin(emulator: Emulator, what: str, fault: str) -> Invocation:
    return emulator.function.invoke(json.dumps({"do": what}).encode(), fault=Fault.parse(fault))


async def outcome(invocation: Invocation) -> tuple[str | None, dict[str, str]]:
    """The text that its caller got (None where no answer began), and the error at its end."""
    reader, text = PreludeReader(), None
    async with asyncio.timeout(PATIENCE):
        async for event in invocation.events():
            match event:
                case ResponseStart():
                    text = ""
                case bytes():
                    assert text is not None
                    text += reader.feed(event).decode()
                case FunctionError():
                    error = json.loads(event.payload)
                case ResponseEnd():
                    error = {}
        await invocation.finished()
    return text, error


def last_line(invocation: Invocation) -> str:
    return invocation.log_tail().decode().splitlines()[-1]


@pytest.mark.parametrize(
    ("fault", "text"), [("kill@0", ""), ("kill@1", "one "), ("kill@3", "one two three ")]
)
async def test_kill_comes_after_so_many_chunks_of_payload(emulator: Emulator, fault: str, text: str) -> None:
    """The prelude's chunks do not count, and chunks that come in one read are counted one by one."""
    invocation = begin(emulator, "burst", fault)
    assert await outcome(invocation) == (
        text,
        {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {invocation.request_id} Error: Runtime exited with error: signal: killed",
        },
    )
    assert "\tMemory Size: 1024 MB\tMax Memory Used: 1024 MB\t" in last_line(invocation)
    assert last_line(invocation).endswith("\tStatus: error\tError Type: Runtime.OutOfMemory")
    assert (await emulator.invoke({"do": "raw"})).text == "first second"


async def test_kill_alone_comes_before_an_answer(emulator: Emulator) -> None:
    text, error = await outcome(begin(emulator, "burst", "kill"))
    assert (text, error["errorType"]) == (None, "Runtime.ExitError")


@pytest.mark.parametrize("what", ["burst", "pid", "error"])
@pytest.mark.parametrize("kind", ["kill", "timeout", "gone"])
async def test_a_fault_comes_however_few_chunks_there_are(emulator: Emulator, what: str, kind: str) -> None:
    """A streamed answer's end, a buffered answer, an error that the handler reports."""
    text, error = await outcome(begin(emulator, what, f"{kind}@1000"))
    assert text == {"burst": "one two three four ", "pid": "", "error": None}[what]
    assert error["errorType"] == ("Runtime.ExitError" if kind == "kill" else "Sandbox.Timedout")


async def test_timeout_after_chunks_does_not_wait_for_the_time(emulator: Emulator) -> None:
    """The emulator's timeout is as long as the tests' patience, and REPORT says that it has passed."""
    invocation = begin(emulator, "burst", "timeout@2")
    text, error = await outcome(invocation)
    assert text == "one two "
    assert error["errorMessage"].endswith("Error: Task timed out after 30.00 seconds")
    assert "\tDuration: 30000.00 ms\t" in last_line(invocation)
    assert last_line(invocation).endswith("\tStatus: timeout")


async def test_timeout_alone_holds_the_answer_back_until_the_time_has_come(
    start_emulator: StartEmulator,
) -> None:
    async with start_emulator(timeout=0.5) as emulator:
        text, error = await outcome(begin(emulator, "burst", "timeout"))
        assert text is None
        assert error["errorMessage"].endswith("Error: Task timed out after 0.50 seconds")


@pytest.mark.parametrize(("fault", "text"), [("gone", None), ("gone@2", "one two ")])
async def test_gone_is_410_and_the_runtime_goes_on(emulator: Emulator, fault: str, text: str | None) -> None:
    before = (await emulator.invoke({"do": "pid"})).json()["pid"]
    invocation = begin(emulator, "burst", fault)
    assert (await outcome(invocation))[0] == text
    assert "answered 410" in emulator.lines.all
    assert "\tDuration: 30000.00 ms\t" in last_line(invocation)
    assert last_line(invocation).endswith("\tStatus: timeout")
    assert (await emulator.invoke({"do": "pid"})).json()["pid"] == before


async def test_lambda_runtime_goes_on_after_410(start_emulator: StartEmulator) -> None:
    command = (sys.executable, "-m", "lambda_runtime", "handlers.tokens")
    async with start_emulator(command=command, variables={"PYTHONPATH": _LAMBDA}) as emulator:
        for fault in ("gone", "gone@1"):
            _, error = await outcome(begin(emulator, "anything", fault))
            assert error["errorType"] == "Sandbox.Timedout"
        assert (await emulator.invoke({})).text == "0 1 2 "
        reports = await emulator.lines.wait_for("REPORT", 3)
        assert [report.count("Init Duration") for report in reports] == [1, 0, 0]
        assert not emulator.lines.having("Runtime.ExitError")


@pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is built for Linux only"
)
async def test_awslambdaric_exits_after_410(start_emulator: StartEmulator) -> None:
    """As it does after every answer that is no success; the next invocation finds a new process."""
    command = (sys.executable, "-m", "awslambdaric", "handlers.buffered")
    async with start_emulator(command=command) as emulator:
        invocation = begin(emulator, "anything", "gone")
        assert (await outcome(invocation))[1]["errorType"] == "Sandbox.Timedout"
        assert last_line(invocation).endswith("\tStatus: error\tError Type: Runtime.ExitError")
        assert "\tDuration: 30000.00 ms\t" in last_line(invocation)
        assert (await emulator.invoke({})).json()["statusCode"] == 201


async def test_a_slow_reader_is_felt_by_the_handler(emulator: Emulator) -> None:
    """What it does not read stays with the function: its sends block. Once it has left, nothing holds them up."""
    invocation = begin(emulator, "large", "slow-reader@1")
    events = invocation.events()
    received = b""
    while len(received) < 1024:
        event = await anext(events)
        received += event if isinstance(event, bytes) else b""
    assert not emulator.lines.having("written")
    invocation.abandon()
    await emulator.lines.wait_for("written")


async def test_a_fault_of_the_settings_comes_to_all_but_those_with_their_own(
    start_emulator: StartEmulator,
) -> None:
    async with start_emulator(fault=Fault.parse("kill@1")) as emulator:
        by_settings = emulator.function.invoke(b'{"do": "burst"}')
        assert (await outcome(by_settings))[0] == "one "
        assert (await outcome(begin(emulator, "burst", "gone@2")))[0] == "one two "
