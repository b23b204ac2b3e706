"""The life of the function's process: started on demand, timed out, crashed, replaced, never left behind."""

from __future__ import annotations

import asyncio
import sys

import pytest

from emulator.bandwidth import Bandwidth
from emulator.invocation import Phase
from tests.emulator.conftest import HERE, PATIENCE, Control, Emulator, StartEmulator


async def test_one_process_serves_one_request_after_another(emulator: Emulator) -> None:
    first = (await emulator.invoke({"do": "pid"})).json()
    second = (await emulator.invoke({"do": "pid"})).json()
    assert first["pid"] == second["pid"]
    assert first["next"]["lambda-runtime-aws-request-id"] != second["next"]["lambda-runtime-aws-request-id"]
    reports = await emulator.lines.wait_for("REPORT", 2)
    assert "Init Duration" in reports[0]
    assert "Init Duration" not in reports[1]


async def test_the_environment_is_lambda_s(emulator: Emulator) -> None:
    variables = (await emulator.invoke({"do": "pid"})).json()["environment"]
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == "function"
    assert variables["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "1024"
    assert variables["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/function"
    assert variables["AWS_LAMBDA_LOG_STREAM_NAME"].endswith(variables["AWS_LAMBDA_LOG_STREAM_NAME"][-32:])
    assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert variables["_HANDLER"] == "ok"
    assert variables["LAMBDA_TASK_ROOT"] == str(HERE)
    assert variables["TZ"] == ":UTC"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"]


async def test_past_its_timeout_a_function_is_killed_and_replaced(
    start_emulator: StartEmulator, control: Control
) -> None:
    async with start_emulator(timeout=2) as emulator:
        by_url = await emulator.client.get(f"{emulator.url}/hang")
        assert (by_url.status_code, by_url.text) == (502, "Internal Server Error")
        await (await control.arrival()).gone()
        assert emulator.lines.having("Task timed out after 2.00 seconds")
        assert (await emulator.lines.wait_for("REPORT"))[0].endswith("Status: timeout")

        direct = await emulator.invoke({"do": "hang"})
        error = direct.json()
        assert error["errorType"] == "Sandbox.Timedout"
        assert error["errorMessage"].endswith("Error: Task timed out after 2.00 seconds")
        assert (await emulator.invoke({"do": "raw"})).text == "first second"


async def test_a_timeout_in_the_middle_of_an_answer_breaks_it_off(start_emulator: StartEmulator) -> None:
    async with start_emulator(timeout=2) as emulator:
        async with emulator.client.stream("GET", f"{emulator.url}/hang-midstream") as response:
            chunks = response.aiter_raw()
            assert await anext(chunks) == b"first "
            with pytest.raises(Exception, match="incomplete chunked read"):
                await anext(chunks)
        assert emulator.lines.having("Task timed out")


async def test_a_crash_is_an_exit_error_and_the_next_request_finds_a_new_process(emulator: Emulator) -> None:
    crashed = await emulator.invoke({"do": "exit"})
    assert crashed.headers["x-amz-function-error"] == "Unhandled"
    assert crashed.json()["errorType"] == "Runtime.ExitError"
    assert crashed.json()["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert (await emulator.client.get(f"{emulator.url}/exit")).status_code == 502
    assert (await emulator.invoke({"do": "raw"})).text == "first second"


async def test_init_errors(start_emulator: StartEmulator) -> None:
    async with start_emulator("init-error") as emulator:
        direct = await emulator.invoke({})
        assert direct.json() == {"errorType": "Runtime.ImportModuleError", "errorMessage": "No module"}
        assert (await emulator.client.get(emulator.url)).text == "Internal Server Error"
        assert emulator.lines.having("Error Type: Runtime.ImportModuleError")
    async with start_emulator("init-exit") as emulator:
        direct = await emulator.invoke({})
        assert direct.json()["errorType"] == "Runtime.ExitError"
        assert direct.json()["errorMessage"].endswith("exit status 7")
        assert "leaving at once" in emulator.lines.all


async def test_an_init_that_takes_too_long_is_killed(start_emulator: StartEmulator, control: Control) -> None:
    async with start_emulator("init-hang", init_timeout=0.5, timeout=0.4) as emulator:
        direct = await emulator.invoke({})
        assert direct.json()["errorType"] == "Sandbox.Timedout"
        assert direct.json()["errorMessage"].endswith("Error: Task timed out after 0.40 seconds")
        await emulator.lines.wait_for("REPORT RequestId")
        while not control.nobody_came():  # a slow machine kills the process before it has connected
            await (await control.arrival()).gone()
        assert [line.split("\t")[1:] for line in emulator.lines.having("INIT_REPORT")] == [
            ["Phase: init", "Status: timeout"],
            ["Phase: invoke", "Status: timeout"],
        ]


async def test_a_command_that_does_not_exist_is_a_sentence(start_emulator: StartEmulator) -> None:
    async with start_emulator(command=("no-such-program", "app.handler")) as emulator:
        direct = await emulator.invoke({})
        assert direct.json()["errorType"] == "Runtime.InvalidEntrypoint"
        assert emulator.lines.having("Cannot start 'no-such-program app.handler'")


async def test_children_of_the_function_die_with_it(start_emulator: StartEmulator, control: Control) -> None:
    async with start_emulator() as emulator:
        await emulator.invoke({"do": "child"})
        child = await control.arrival()
        await emulator.invoke({"do": "exit"})
        await child.gone()


async def test_the_end_of_the_emulator_ends_open_requests_and_processes(
    start_emulator: StartEmulator, control: Control
) -> None:
    async with start_emulator() as emulator:
        stream = emulator.client.stream("GET", f"{emulator.url}/gated")
        response = await stream.__aenter__()
        chunks = response.aiter_raw()
        assert await anext(chunks) == b"first "
        waiting = await control.arrival()
        await emulator.function.stop()
        await waiting.gone()
        with pytest.raises(Exception, match="incomplete chunked read"):
            await anext(chunks)
        await stream.__aexit__(None, None, None)
        assert (await emulator.client.get(emulator.url)).status_code == 502


async def test_sigterm_comes_to_functions_with_an_extension(
    start_emulator: StartEmulator, control: Control
) -> None:
    async with start_emulator("terminable") as emulator:
        assert (await emulator.invoke({"do": "raw"})).text == "first second"
        assert (await control.arrival()).word == b"INVOKE"
        await emulator.lines.wait_for("REPORT")
    assert (await control.arrival()).word == b"SIGTERM"


async def test_a_bandwidth_bounds_a_streamed_answer(start_emulator: StartEmulator) -> None:
    """What is free comes at once, and the first piece of what is not; the next ones would be hours later."""
    free = 200_000
    async with start_emulator(bandwidth=Bandwidth(free, rate=1.0)) as emulator:
        invocation = emulator.function.invoke(b'{"do": "large"}')
        received = 0
        async with asyncio.timeout(PATIENCE):
            events = invocation.events()
            while received <= free:
                event = await anext(events)
                received += len(event) if isinstance(event, bytes) else 0
        assert received <= free + 2 * 65536
        assert invocation.phase is Phase.RESPONDING
        assert not emulator.lines.having("written")


async def test_a_line_stands_in_the_log_before_what_came_after_it(emulator: Emulator) -> None:
    """The process prints, then answers: its line is before END, and in the invocation's own log."""
    for _ in range(20):
        invocation = emulator.function.invoke(b'{"do": "burst"}')
        async for _event in invocation.events():
            pass
        await invocation.finished()
        kinds = [line.split(" ")[0] for line in invocation.log_tail().decode().splitlines()]
        assert kinds == ["START", "answered", "END", "REPORT"]


async def test_output_is_passed_on_line_by_line(start_emulator: StartEmulator) -> None:
    program = "import sys; sys.stdout.write('one\\ntwo\\rthree\\n' + 'x' * 200_000 + '\\nlast'); sys.exit(1)"
    async with start_emulator(command=(sys.executable, "-c", program)) as emulator:
        await emulator.invoke({})
        assert emulator.lines.all[:5] == ["one", "two", "three", "x" * 200_000, "last"]
