"""Hooks before the first event, in a runtime that is the process that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fakes.runtime_api import FakeRuntimeApi
    from tests.fakes.runtime_process import Starter


async def test_hooks_run_once_in_order_on_the_loop_of_the_handlers(
    api: FakeRuntimeApi, start: Starter
) -> None:
    first, second = api.invoke(1), api.invoke(2)
    await start("functions_with_init.handler")
    told = ["imported", "async", "plain", "late"]
    assert (await first.result()).json() == [told, 1]
    assert (await second.result()).json() == [told, 1]


async def test_no_event_is_asked_for_before_the_hooks_are_done(api: FakeRuntimeApi, start: Starter) -> None:
    process = await start("functions_with_init.handler", BROKEN="hang")
    await process.printed("hanging")
    assert api.requests == []


@pytest.mark.parametrize(
    ("how", "error_type", "words"), [("raise", "ValueError", "no pool"), ("exit", "SystemExit", "3")]
)
async def test_a_hook_that_raises_is_an_init_error(
    how: str, error_type: str, words: str, api: FakeRuntimeApi, start: Starter
) -> None:
    """As an import that raises: told once, with the hook's own frames, and the process ends."""
    process = await start("functions_with_init.handler", BROKEN=how)
    code, output = await process.exited()
    assert code == 1
    (told,) = api.requests
    assert told.target == "/2018-06-01/runtime/init/error"
    assert (told.json()["errorType"], told.json()["errorMessage"]) == (error_type, words)
    (frame,) = told.json()["stackTrace"]
    assert "in broken" in frame
    assert f"{error_type}: {words}" in output


async def test_what_a_failed_init_has_opened_is_closed(api: FakeRuntimeApi, start: Starter) -> None:
    """The environment ends, so its shutdown hooks run."""
    process = await start("functions_with_init.handler", BROKEN="raise")
    _, output = await process.exited()
    assert "was opened, and is closed" in output


async def test_a_hook_that_comes_too_late_is_refused(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke("too late")
    await start("functions_with_init.handler")
    error = (await invocation.result()).json()
    assert error["errorType"] == "RuntimeError"
    assert "after init was over" in error["errorMessage"]
