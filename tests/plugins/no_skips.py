"""A pytest plugin for CI: a run in which a test was skipped has failed, for there everything is to be installed.

On by `PYTEST_PLUGINS=tests.plugins.no_skips`, as in .ci/run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def _skipped(config: pytest.Config) -> int:
    reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter else 0


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Turn a good run with skipped tests into a failed one."""
    if exitstatus == pytest.ExitCode.OK and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say why."""
    if count := _skipped(config):
        terminalreporter.write_line(
            f"{count} tests were skipped; here all must run. Install what their reasons above name.", red=True
        )
