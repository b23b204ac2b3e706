from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PASSES = "def test_a(): pass\n"
SKIPS = "import pytest\ndef test_b(): pytest.skip('no engine')\n"
SKIPS_WHOLE = "import pytest\npytest.skip('no engine', allow_module_level=True)\n"
FAILS = "def test_c(): assert False\n"


def run(folder: Path, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(source)
    settings = folder / "pytest.ini"
    settings.write_text("[pytest]\n")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-c",
            str(settings),
            "-p",
            "no:cacheprovider",
            "-rs",
            *options,
            str(folder),
        ],
        cwd=ROOT,
        # CI itself runs with the plugin on; other plugins only cost time here.
        env=dict(os.environ) | {"PYTEST_PLUGINS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("source", [PASSES + SKIPS, SKIPS, SKIPS_WHOLE])
def test_a_skipped_test_fails_the_run(tmp_path: Path, source: str) -> None:
    done = run(tmp_path, source, "-p", "tests.plugins.no_skips")
    assert done.returncode == (1 if source != SKIPS_WHOLE else 5)
    assert "1 tests were skipped; here all must run." in done.stdout
    assert "no engine" in done.stdout


@pytest.mark.parametrize(("source", "code"), [(PASSES, 0), (PASSES + SKIPS + FAILS, 1), ("", 5)])
def test_other_runs_keep_their_exit_code(tmp_path: Path, source: str, code: int) -> None:
    assert run(tmp_path, source, "-p", "tests.plugins.no_skips").returncode == code


def test_without_the_plugin_a_skip_is_a_pass(tmp_path: Path) -> None:
    assert run(tmp_path, PASSES + SKIPS).returncode == 0
