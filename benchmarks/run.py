"""`make bench`: measures every subject in turn, prints the tables and the goals, keeps all samples as JSON.

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
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import environments, report, scenarios
from benchmarks.scenarios import SCENARIOS
from benchmarks.stand import WrongAnswerError, stand
from benchmarks.subjects import ALL, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.scenarios import Scenario
    from benchmarks.stand import Stand
    from benchmarks.subjects import Subject

_PACKAGES: Final = (
    *("fastapi", "openai", "pydantic", "starlette", "httpx", "uvicorn", "uvloop", "httptools", "msgspec"),
)
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
    subjects = [subject for subject in ALL if adapter is not None or not subject.behind_adapter]
    if (load := os.getloadavg()[0]) > 0.5:
        print(f"bench: the machine is busy (load {load:.1f}); its numbers will be noisy.", file=sys.stderr)
    chosen = [scenario for scenario in SCENARIOS if not arguments.only or scenario.name in arguments.only]
    try:
        with tempfile.TemporaryDirectory() as directory, stand(Path(directory), folder, adapter) as ready:
            samples = _measure(ready, subjects, chosen, arguments.rounds)
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


def _measure(
    ready: Stand, subjects: Sequence[Subject], chosen: Sequence[Scenario], rounds: int | None
) -> dict[str, dict[str, list[float]]]:
    """Subject to row to the values of its rounds; the subjects take turns."""
    samples: dict[str, dict[str, list[float]]] = {subject.name: defaultdict(list) for subject in subjects}
    for subject in subjects:
        # Discarded: it writes the byte code of the subject's own files, and fills the kernel's page cache.
        _round(ready, subject, scenarios.cold, "warm-up")
    for scenario in chosen:
        for number in range(rounds or scenario.rounds):
            for subject in subjects:
                for row, value in _round(
                    ready, subject, scenario.measure, f"{scenario.name} {number + 1}"
                ).items():
                    samples[subject.name][row].append(value)
    return samples


def _round(ready: Stand, subject: Subject, measure: scenarios.Measure, label: str) -> scenarios.Numbers:
    began = time.monotonic()
    try:
        numbers = measure(ready, subject)
    except WrongAnswerError as error:
        raise WrongAnswerError(f"{subject.title}, {label}: {error}") from error
    print(f"  {label:12} {subject.title:24} {time.monotonic() - began:5.1f} s", file=sys.stderr)
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
    return versions | {name: importlib.metadata.version(name) for name in _PACKAGES}


if __name__ == "__main__":
    sys.exit(main())
