"""N environments at once, one invocation each: started on demand, used again, refused, reclaimed, tried again."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from emulator.function import Throttled
from emulator.invocation import FunctionError
from tests.emulator.conftest import PATIENCE, Control, Line

if TYPE_CHECKING:
    from emulator.function import Function
    from emulator.invocation import Invocation
    from tests.emulator.conftest import StartEmulator


def begin(function: Function, what: str = "mark") -> Invocation:
    return function.invoke(json.dumps({"do": what}).encode())


async def result(invocation: Invocation) -> bytes:
    """Its payload, or its error."""
    async with asyncio.timeout(PATIENCE):
        events = [event async for event in invocation.events()]
        await invocation.finished()
    if isinstance(events[-1], FunctionError):
        return events[-1].payload
    return b"".join(event for event in events if isinstance(event, bytes))


async def run_one(function: Function, control: Control) -> Line:
    """Run one invocation; what comes back is the line of its process."""
    invocation = begin(function)
    line = await control.arrival()
    await line.release()
    assert json.loads(await result(invocation)) == {"pid": int(line.word)}
    return line


async def test_each_invocation_has_an_environment_of_its_own(
    start_emulator: StartEmulator, control: Control
) -> None:
    async with start_emulator() as emulator:
        invocations = [begin(emulator.function) for _ in range(3)]
        lines = [await control.arrival() for _ in invocations]
        assert len({line.word for line in lines}) == 3
        assert emulator.function.environments == 3
        for line in lines:
            await line.release()
        pids = {json.loads(await result(invocation))["pid"] for invocation in invocations}
        assert pids == {int(line.word) for line in lines}


async def test_the_environment_used_last_is_used_first(
    start_emulator: StartEmulator, control: Control
) -> None:
    """So that the others stay idle and can go."""
    async with start_emulator() as emulator:
        invocations = [begin(emulator.function) for _ in range(2)]
        lines = [await control.arrival() for _ in invocations]
        await lines[0].release()
        await emulator.lines.wait_for("REPORT", 1)
        await lines[1].release()
        await emulator.lines.wait_for("REPORT", 2)
        again = await run_one(emulator.function, control)
        assert again.word == lines[1].word
        assert emulator.function.environments == 2


async def test_more_than_the_concurrency_is_refused_and_not_queued(
    start_emulator: StartEmulator, control: Control
) -> None:
    async with start_emulator(concurrency=2) as emulator:
        invocations = [begin(emulator.function) for _ in range(2)]
        lines = [await control.arrival() for _ in invocations]
        with pytest.raises(Throttled):
            begin(emulator.function)
        # They arrive in any order: which line is whose is not known.
        for line in lines:
            await line.release()
        for invocation in invocations:
            await result(invocation)
        assert (await run_one(emulator.function, control)).word in {line.word for line in lines}


async def test_a_request_right_after_an_answer_finds_its_environment(start_emulator: StartEmulator) -> None:
    """The runtime has not asked for the next event yet, and the answer's reader is already there again."""
    async with start_emulator(concurrency=1) as emulator:
        pids = [(await emulator.invoke({"do": "pid"})).json()["pid"] for _ in range(10)]
        assert len(set(pids)) == 1


async def test_idle_environments_end_but_for_one(start_emulator: StartEmulator, control: Control) -> None:
    """Also where all have been idle for as long: one that is still ending is none that stays."""
    async with start_emulator(idle_timeout=0.1) as emulator:
        invocations = [begin(emulator.function) for _ in range(3)]
        lines = {line.word: line for line in [await control.arrival() for _ in invocations]}
        for line in lines.values():
            await line.release()
        await emulator.lines.wait_for("REPORT", 3)
        # Their timers are set, and due before this one: the loop keeps the order whatever the machine is at.
        await asyncio.sleep(0.1)
        stayed = (await run_one(emulator.function, control)).word
        assert stayed in lines
        for word in lines.keys() - {stayed}:
            await lines[word].gone()


async def test_lines_say_whose_they_are_once_several_environments_live(
    start_emulator: StartEmulator, control: Control
) -> None:
    async with start_emulator() as emulator:
        await run_one(emulator.function, control)
        assert "marked" in emulator.lines.all
        assert all(not line.startswith("[") for line in emulator.lines.all)
        invocations = [begin(emulator.function) for _ in range(2)]
        arrived = [await control.arrival() for _ in invocations]
        before = len(emulator.lines.all)
        for line in arrived:
            await line.release()
        streams = set()
        for invocation in invocations:
            await result(invocation)
            streams.add(emulator.lines.having(f"REPORT RequestId: {invocation.request_id}")[0][:6])
        assert len(streams) == 2
        assert {line[:6] for line in emulator.lines.all[before:]} == streams


async def test_an_invocation_knows_its_own_log(start_emulator: StartEmulator, control: Control) -> None:
    """What `LogResult` carries: its lines alone, though another environment writes meanwhile."""
    async with start_emulator() as emulator:
        invocations = [begin(emulator.function) for _ in range(2)]
        for line in [await control.arrival() for _ in invocations]:
            await line.release()
        for invocation in invocations:
            await result(invocation)
            kinds = [line.split(" ")[0] for line in invocation.log_tail().decode().splitlines()]
            assert kinds == ["START", "marked", "END", "REPORT"]
            assert invocation.log_tail().count(invocation.request_id.encode()) == 3


async def test_an_init_that_fails_is_tried_again_inside_the_invocation(start_emulator: StartEmulator) -> None:
    """Its log is Lambda's: both INIT_REPORTs before START; later invocations try once, and pay for it."""
    async with start_emulator("init-error") as emulator:
        first, second = begin(emulator.function), None
        expected = {"errorType": "Runtime.ImportModuleError", "errorMessage": "No module"}
        assert json.loads(await result(first)) == expected
        second = begin(emulator.function)
        assert json.loads(await result(second)) == expected
        status = "Status: error\tError Type: Runtime.ImportModuleError"
        for invocation, phases in ((first, ["init", "invoke"]), (second, ["invoke"])):
            lines = invocation.log_tail().decode().splitlines()
            kinds = [line.split(" ")[0] for line in lines]
            assert kinds == ["INIT_REPORT"] * len(phases) + ["START", "END", "REPORT"]
            for phase, line in zip(phases, lines, strict=False):
                assert line.endswith(f"\tPhase: {phase}\t{status}")
            assert lines[-1].endswith(f"\t{status}")
            assert "Init Duration" not in lines[-1]


async def test_a_process_that_exits_in_init_is_told_with_its_request(start_emulator: StartEmulator) -> None:
    async with start_emulator("init-exit") as emulator:
        invocation = begin(emulator.function)
        said = f"RequestId: {invocation.request_id} Error: Runtime exited with error: exit status 7"
        assert json.loads(await result(invocation)) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": said,
        }
        lines = invocation.log_tail().decode().splitlines()
        at = lines.index(said)
        assert lines[at - 1].startswith("START ")
        assert lines[at + 1] == "Runtime.ExitError"
        assert lines.count("leaving at once") == 2


async def test_after_a_crash_the_environment_is_initialized_inside_the_next_invocation(
    start_emulator: StartEmulator,
) -> None:
    """No second Init Duration: Lambda does not report it, the invocation's duration contains it."""
    async with start_emulator() as emulator:
        await result(begin(emulator.function, "exit"))
        following = begin(emulator.function, "raw")
        assert await result(following) == b"first second"
        reports = emulator.lines.having("REPORT RequestId")
        assert ["Init Duration" in report for report in reports] == [True, False]
        assert emulator.function.environments == 1


async def test_stopping_ends_what_runs_in_every_environment(
    start_emulator: StartEmulator, control: Control
) -> None:
    async with start_emulator() as emulator:
        invocations = [begin(emulator.function) for _ in range(3)]
        lines = [await control.arrival() for _ in invocations]
        await emulator.function.stop()
        for line, invocation in zip(lines, invocations, strict=True):
            await line.gone()
            assert json.loads(await result(invocation))["errorType"] == "ServiceException"
        assert emulator.function.environments == 0
