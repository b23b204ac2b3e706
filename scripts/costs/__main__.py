"""Writes the cost tables of docs/deploying.md and README.md from the prices and the counts in this package.

python -m scripts.costs             write them
python -m scripts.costs --check     exit code 1 if a document is not what the prices say
python -m scripts.costs --measure   run the function, and say what chat.py should have under MEASURED
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.costs import bill, chat, prices
from scripts.generated_block import rewritten, with_block

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scripts.costs.bill import Item

ROOT: Final = Path(__file__).parents[2]


def page() -> str:
    """Every table, with what it assumes."""
    aws, model, month = bill.thousand_chats(), bill.thousand_answers_of_the_model(), bill.month()
    kept, hour, bounded = bill.provisioned_environment(), bill.worst_hour(), bill.bounded_requests()
    assumed = (
        f"Prices of {prices.REGION} in US dollars, first tier, without free tiers. A chat here takes "
        f"{chat.SECONDS:g} s, reads {chat.TOKENS_IN} tokens and writes {chat.TOKENS_OUT}, on the stack's defaults "
        f"(arm64, {bill.memory_mb()} MB); one in {1 / chat.COLD_STARTS:g} meets a cold start of "
        f"{chat.COLD_SECONDS:g} s. That is assumed, at the top of `scripts/costs/chat.py`."
    )
    logged = (
        f"On x86_64 AWS's part is ${bill.total(bill.thousand_chats('x86_64')):.4f}. Of the log's bytes "
        f"{chat.MEASURED.log_bytes:,} are the function's own line, measured; the rest are the two lines that Lambda "
        f"writes, in the form of its guide, and {chat.EVENT_OVERHEAD} bytes that CloudWatch adds to each."
    )
    provisioned = (
        f"{kept.name} (`provisionedConcurrency`) costs ${kept.dollars:.2f} a month more: {kept.arithmetic}. With "
        f"{chat.CHATS_A_MONTH:,} chats in the month, each thousand of them bears "
        f"${bill.total(month) * 1000 / chat.CHATS_A_MONTH:.2f} of the table."
    )
    worst = (
        "Refused requests and the model's two lines exclude each other: who writes a long answer takes in no next "
        "request meanwhile. `maxOutputTokens` and `timeout` bound the long answers. The large requests are bounded by "
        f"the model's context, and would be ${hour[-1].dollars * 24:,.0f} a day if the provider's own limits let it. "
        "A refused request asks no model; "
        f"of its log {chat.MEASURED.refused_log_bytes:,} bytes are the function's own line. Who is turned away with "
        "429 by Lambda costs nothing."
    )
    bound = (
        f"[The checklist](#production-checklist) bounds a request to {bill.BOUNDED_BODY:,} bytes. Of English some four "
        "bytes are a token, but of characters chosen to cost each byte can be one. The last line becomes "
        f"${bounded.dollars:,.2f} an hour, "
        f"${bounded.dollars * 24:,.0f} a day ({bounded.arithmetic})."
    )
    parts = [
        [assumed],
        ["**A thousand chats**"],
        [*_table(aws, "AWS, together"), *_table(model, "The model, together", head=False)],
        [logged],
        ["**A month, whatever is said in it**"],
        _table(month, "Together", places=2),
        [provisioned],
        ["**The worst hour of a public URL**"],
        _table(hour, None, places=2),
        [worst],
        [bound],
        ["**Where the prices are from**"],
        ["| page | prices for each | as of |", "|---|---|---|"]
        + [f"| {page} | {units} | {month} |" for page, month, units in _sources()],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def summary() -> str:
    """The paragraph of README."""
    aws, tokens = bill.thousand_chats(), bill.thousand_answers_of_the_model()
    return (
        f"A thousand chats of {chat.SECONDS:g} s cost ${bill.total(aws):.2f} on AWS (arm64, {bill.memory_mb()} MB, "
        f"{prices.REGION}) and ${bill.total(tokens):.2f} in tokens of {prices.MODEL}; the stack itself "
        f"${bill.total(bill.month()):.2f} a month with its metrics, dashboard and alarms. The arithmetic, and what the "
        "worst hour can cost: [docs/deploying.md](docs/deploying.md#costs).\n"
    )


DOCUMENTS: Final[dict[Path, Callable[[], str]]] = {
    ROOT / "docs" / "deploying.md": page,
    ROOT / "README.md": summary,
}


def _table(items: Sequence[Item], together: str | None, *, places: int = 4, head: bool = True) -> list[str]:
    rows = ["| | how | US$ |", "|---|---|---:|"] if head else []
    rows += [f"| {item.name} | {item.arithmetic} | {item.dollars:,.{places}f} |" for item in items]
    if together:
        rows.append(f"| **{together}** | | **{bill.total(items):,.{places}f}** |")
    return rows


def _sources() -> list[tuple[str, str, str]]:
    """Every page that a price is from, its month, and the units that it has a price for."""
    found: dict[tuple[str, str], list[str]] = {}
    for value in vars(prices).values():
        for price in value.values() if isinstance(value, dict) else [value]:
            if isinstance(price, prices.Price):
                units = found.setdefault((price.page, price.as_of), [])
                if price.unit not in units:
                    units.append(price.unit)
    return [(page, month, ", ".join(units)) for (page, month), units in found.items()]


def main(arguments: list[str], documents: Mapping[Path, Callable[[], str]] = DOCUMENTS) -> int:
    if arguments == ["--measure"]:
        print(f"MEASURED: Final = {asyncio.run(chat.measure())}")
        return 0
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    fresh = {each: with_block(each.read_text(), "costs", write()) for each, write in documents.items()}
    stale = rewritten(fresh, check=bool(arguments))
    if stale and arguments:
        names = " and ".join(each.name for each in stale)
        print(
            f"{names}: the costs are not what the prices say. Run `make docs` and commit it.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
