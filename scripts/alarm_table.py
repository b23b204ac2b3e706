"""Writes the table of alarms of docs/deploying.md from the rules that the program makes them of.

python -m scripts.alarm_table           write it
python -m scripts.alarm_table --check   exit code 1 if the page does not say what the rules say
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.alarm_rules import alarm_rules
from infra.settings import Settings
from scripts.generated_block import rewritten, with_block

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.alarm_rules import AlarmRule

PAGE: Final = Path(__file__).parents[1] / "docs" / "deploying.md"
# A stack without a line of configuration: its numbers are in the sentences.
_DEFAULTS: Final = Settings.model_validate({"allowMissingKey": True})


def table(rules: Iterable[AlarmRule]) -> str:
    """One row for each rule: its name, then its description's question, what sets it off, and what to do first.

    Raises:
        ValueError: a description does not consist of these three.
    """
    rows = ["| alarm | asks | goes off | first |", "|---|---|---|---|"]
    for rule in rules:
        question, asked, rest = rule.description.partition("? ")
        when, ordered, first = rest.partition(". First: ")
        if not (asked and ordered and first):
            raise ValueError(
                f"The alarm {rule.name} is to say 'Question? When. First: what.': {rule.description}"
            )
        rows.append(f"| `{rule.name}` | {question}? | {when}. | {first[0].upper()}{first[1:]} |")
    return "\n".join(rows) + "\n"


def main(arguments: list[str], page: Path = PAGE) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    fresh = with_block(page.read_text(), "alarms", table(alarm_rules(_DEFAULTS)))
    if rewritten({page: fresh}, check=bool(arguments)) and arguments:
        print(
            f"{page.name}: the alarms are not what the rules say. Run `make docs` and commit it.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
