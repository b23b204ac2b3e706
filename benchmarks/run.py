"""`make bench`: measures all that is compared in turn, prints the tables and the goals, keeps all samples as JSON.

Nothing fails because it is slow: the exit code is 1 only where a subject answers wrongly or cannot run.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import environments, report, scenarios
from benchmarks.emulator_scenarios import CROWD, RELAY
from benchmarks.pages import PAGE
from benchmarks.stand import WrongAnswerError, stand
from benchmarks.subjects import ROOT, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.emulators import Emulator
    from benchmarks.pages import Page
    from benchmarks.scenarios import Scenario
    from benchmarks.stand import Stand

_PACKAGES: Final = (
    *("fastapi", "openai", "pydantic", "starlette", "httpx", "uvicorn", "uvloop", "httptools", "msgspec"),
)
# Title, file of requirements/, package: programs that come in a wheel of which nothing else is installed.
_PROGRAMS: Final = (
    ("cargo-lambda", "cargo-lambda.txt", "cargo-lambda"),
    ("RIE of aws-sam-cli", "rie.txt", "aws-sam-cli"),
)
SCENARIOS: Final[tuple[Scenario[Any], ...]] = (*scenarios.SCENARIOS, RELAY, CROWD, PAGE)
LATEST: Final = ROOT / ".cache" / "bench" / "results.json"


def main() -> int:
    arguments = _arguments()
    try:
        version = environments.python_version(arguments.python)
        folder = environments.make(arguments.python, version)
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    adapter = _adapter()
    if (load := os.getloadavg()[0]) > 0.5:
        print(f"bench: the machine is busy (load {load:.1f}); its numbers will be noisy.", file=sys.stderr)
    chosen = [scenario for scenario in SCENARIOS if not arguments.only or scenario.name in arguments.only]
    try:
        with tempfile.TemporaryDirectory() as directory, stand(Path(directory), folder, adapter) as ready:
            samples = _measure(ready, _present(chosen, adapter), arguments.rounds)
    except (WrongAnswerError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    results = {"machine": _machine(), "versions": _versions(version, adapter), "samples": samples}
    LATEST.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1)
    LATEST.write_text(text + "\n")
    print(report.render(results))
    print(f"All samples: {LATEST.relative_to(ROOT)}", file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__.splitlines()[0] if __doc__ else None
    )
    parser.add_argument("--only", nargs="+", choices=names, help="scenarios, of these")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the subjects")
    parser.add_argument("--rounds", type=int, help="rounds of each scenario, instead of its own number")
    return parser.parse_args()


def _present(chosen: Sequence[Scenario[Any]], adapter: Path | None) -> list[Scenario[Any]]:
    """The scenarios with what can be measured here alone; says what is left out, and why."""
    left_out: dict[str, str] = {}

    def runs(column: Subject | Emulator | Page) -> bool:
        if isinstance(column, Subject):
            return adapter is not None or not column.behind_adapter  # and its script has said why
        if (reason := column.missing()) is not None:
            left_out[column.title] = reason
        return reason is None

    present = [replace(scenario, compared=tuple(filter(runs, scenario.compared))) for scenario in chosen]
    for title, reason in left_out.items():
        print(f"bench: {title} is left out: {reason}.", file=sys.stderr)
    return present


def _measure(
    ready: Stand, chosen: Sequence[Scenario[Any]], rounds: int | None
) -> dict[str, dict[str, list[float]]]:
    """What was compared to row to the values of its rounds; the columns take turns."""
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    columns = (column for scenario in chosen for column in scenario.compared)
    for subject in dict.fromkeys(column for column in columns if isinstance(column, Subject)):
        # Discarded: it writes the byte code of the subject's own files, and fills the kernel's page cache.
        _round(ready, subject, scenarios.cold, "warm-up")
    for scenario in chosen:
        for number in range(rounds or scenario.rounds):
            for column in scenario.compared:
                label = f"{scenario.name} {number + 1}"
                for row, value in _round(ready, column, scenario.measure, label).items():
                    samples[column.name][row].append(value)
    return samples


def _round(
    ready: Stand, column: Any, measure: Callable[[Stand, Any], scenarios.Numbers], label: str
) -> scenarios.Numbers:
    began = time.monotonic()
    try:
        numbers = measure(ready, column)
    except WrongAnswerError as error:
        raise WrongAnswerError(f"{column.title}, {label}: {error}") from error
    print(f"  {label:12} {column.title:31} {time.monotonic() - began:5.1f} s", file=sys.stderr)
    return numbers


def _adapter() -> Path | None:
    """The adapter's program; None, and its script has said why, where there is none: the peers are left out."""
    script = ROOT / "scripts" / "fetch_lambda_adapter.sh"
    made = subprocess.run(["bash", str(script)], stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        print("bench: the peers behind the adapter are skipped.", file=sys.stderr)
        return None
    return Path(made.stdout.strip())


def _machine() -> dict[str, str | int]:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": found[1] if found else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def _versions(python: str, adapter: Path | None) -> dict[str, str]:
    versions = {"Python": python}
    if adapter is not None:
        versions["Lambda Web Adapter"] = adapter.parent.parent.name  # of scripts/fetch_lambda_adapter.sh
    # This environment and the subjects' are made from the same lock.
    versions |= {name: importlib.metadata.version(name) for name in _PACKAGES}
    return versions | {title: _locked(lock, package) for title, lock, package in _PROGRAMS}


def _locked(lock: str, package: str) -> str:
    found = re.search(rf"^{package}==(\S+)", (ROOT / "requirements" / lock).read_text(), re.MULTILINE)
    assert found is not None, f"requirements/{lock} has no {package}"
    return found[1]


if __name__ == "__main__":
    sys.exit(main())
