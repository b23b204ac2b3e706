"""The arithmetic: what a thousand chats cost, what a stack costs a month without any, and what the worst hour can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chat.metrics import DIRECTIVES, ERROR_KINDS
from infra.settings import Settings
from scripts.costs import chat, prices

if TYPE_CHECKING:
    from collections.abc import Sequence

# A stack without a line of configuration.
_DEFAULTS: Final = Settings.model_validate({"allowMissingKey": True})

HOUR: Final = 3600
HOURS_A_MONTH: Final = 730
_GB: Final = 1e9
_THOUSAND: Final = 1000

# What of an image is new beside its base, and how large AWS's Python base is in a registry, compressed. The first is
# decision record 5's; the second is assumed, because the base cannot be had without a network to its registry.
IMAGE_BASE_GB: Final = 0.2
IMAGE_OWN_GB: Final = 0.003

# What the alarms of one function look at; tests/scripts/costs counts them in the program itself.
ALARM_METRICS: Final = 8

# Requests in a second for each environment that is reserved: above it Lambda turns callers away, which costs nothing
# (Lambda's guide, "Control access to Lambda function URLs", throttling by reserved concurrency).
REQUESTS_PER_RESERVED: Final = 10

# The bound of a request's bytes that the checklist of docs/deploying.md sets. No byte is more than one token: a token
# of OpenAI's models stands for a byte at least, and JSON has a byte or more for each byte of the text in it.
BOUNDED_BODY: Final = 16_384

# The least time in which a model takes in a long request and says a word: assumed, in the caller's favour.
SHORTEST_ANSWER: Final = 1.0


class Item(NamedTuple):
    """One line of a bill: what for, how it comes about, and US dollars."""

    name: str
    arithmetic: str
    dollars: float


def thousand_chats(architecture: str = "arm64") -> list[Item]:
    """AWS's part of a thousand chats, as `scripts/costs/chat.py` takes one, with a stack's defaults."""
    memory = _memory_gb()
    duration = prices.DURATION[architecture].amount
    logged = chat.logged_bytes()
    answered = chat.MEASURED.answer_bytes_per_token * chat.TOKENS_OUT
    beyond = max(0.0, answered - prices.STREAMED_FREE)
    return [
        Item(
            "Lambda, answering",
            f"1,000 x {chat.SECONDS:g} s x {memory:g} GB x ${duration:.10f}",
            _THOUSAND * chat.SECONDS * memory * duration,
        ),
        Item(
            "Lambda, cold starts",
            f"{_THOUSAND * chat.COLD_STARTS:g} x {chat.COLD_SECONDS:g} s x {memory:g} GB x ${duration:.10f}",
            _THOUSAND * chat.COLD_STARTS * chat.COLD_SECONDS * memory * duration,
        ),
        Item(
            "Lambda, requests",
            f"1,000 x ${prices.REQUEST.amount * 1e6:.2f} / 1,000,000",
            _THOUSAND * prices.REQUEST.amount,
        ),
        Item(
            "Lambda, streamed bytes",
            f"1,000 x {beyond:,.0f} bytes beyond 6 MB x ${prices.STREAMED.amount:.3f} / GB",
            _THOUSAND * beyond / _GB * prices.STREAMED.amount,
        ),
        Item(
            "Logs",
            f"1,000 x {logged:,} bytes x ${prices.LOGS.amount:.2f} / GB",
            _THOUSAND * logged / _GB * prices.LOGS.amount,
        ),
        Item(
            "Reading the key",
            f"{_THOUSAND * chat.COLD_STARTS:g} cold starts x ${prices.SECRET_READ.amount * 1e4:.2f} / 10,000",
            _THOUSAND * chat.COLD_STARTS * prices.SECRET_READ.amount,
        ),
        Item(
            "Bytes to the internet",
            f"1,000 x {answered / 1000:.1f} KB x ${prices.TRANSFER_OUT.amount:.2f} / GB",
            _THOUSAND * answered / _GB * prices.TRANSFER_OUT.amount,
        ),
    ]


def thousand_answers_of_the_model() -> list[Item]:
    """The model's part of the same thousand chats, which is another bill."""
    return [
        Item(
            f"{prices.MODEL}, tokens read",
            f"1,000 x {chat.TOKENS_IN} x ${prices.TOKEN_IN.amount * 1e6:.2f} / 1,000,000",
            _THOUSAND * chat.TOKENS_IN * prices.TOKEN_IN.amount,
        ),
        Item(
            f"{prices.MODEL}, tokens written",
            f"1,000 x {chat.TOKENS_OUT} x ${prices.TOKEN_OUT.amount * 1e6:.2f} / 1,000,000",
            _THOUSAND * chat.TOKENS_OUT * prices.TOKEN_OUT.amount,
        ),
    ]


def month() -> list[Item]:
    """What a stack of one function costs a month besides its chats."""
    metrics = function_metrics()
    images = _DEFAULTS.images_to_keep
    stored = IMAGE_BASE_GB + images * IMAGE_OWN_GB
    return [
        Item(
            "Metrics of the function",
            f"{metrics} x ${prices.METRIC.amount:.2f} with an answer in every hour; "
            f"${prices.METRIC.amount:.2f} more for each of {len(ERROR_KINDS)} kinds of error that occurs",
            metrics * prices.METRIC.amount,
        ),
        Item(
            "Dashboard",
            f"${prices.DASHBOARD.amount:.2f}; an account's first three are free",
            prices.DASHBOARD.amount,
        ),
        Item(
            "Alarms",
            f"{ALARM_METRICS} metrics x ${prices.ALARM.amount:.2f}; an account's first ten are free",
            ALARM_METRICS * prices.ALARM.amount,
        ),
        Item("Secret", f"${prices.SECRET.amount:.2f}; none with an existing one", prices.SECRET.amount),
        Item(
            "Images",
            f"{images} images on one base, {stored:.2f} GB x ${prices.IMAGE_STORAGE.amount:.2f}",
            stored * prices.IMAGE_STORAGE.amount,
        ),
    ]


def provisioned_environment(architecture: str = "arm64") -> Item:
    """One environment kept started for a month."""
    memory, price = _memory_gb(), prices.PROVISIONED[architecture].amount
    seconds = HOURS_A_MONTH * HOUR
    return Item(
        "An environment kept started",
        f"{seconds:,} s x {memory:g} GB x ${price:.10f}",
        seconds * memory * price,
    )


def worst_hour() -> list[Item]:
    """An hour in which every environment that `reservedConcurrency` allows is busy, with a stack's defaults.

    Each line is the worst of its kind; the most requests and the two of the model exclude each other.
    """
    memory, at_once = _memory_gb(), _DEFAULTS.reserved_concurrency
    written = chat.TOKENS_OUT / chat.SECONDS
    requests = REQUESTS_PER_RESERVED * at_once * HOUR
    logged = chat.refused_logged_bytes()
    return [
        Item(
            "Lambda",
            f"{at_once} x 3,600 s x {memory:g} GB x ${prices.DURATION['arm64'].amount:.10f}",
            at_once * HOUR * memory * prices.DURATION["arm64"].amount,
        ),
        Item(
            "Lambda, the most requests",
            f"{REQUESTS_PER_RESERVED} x {at_once} x 3,600 x ${prices.REQUEST.amount * 1e6:.2f} / 1,000,000; Lambda "
            f"takes in {REQUESTS_PER_RESERVED} a second for each of `reservedConcurrency`",
            requests * prices.REQUEST.amount,
        ),
        Item(
            "Logs of as many refused requests",
            f"{requests:,} x {logged:,} bytes x ${prices.LOGS.amount:.2f} / GB",
            requests * logged / _GB * prices.LOGS.amount,
        ),
        Item(
            "Model, the longest answers",
            f"{at_once} x 3,600 s x {written:g} tokens/s x ${prices.TOKEN_OUT.amount * 1e6:.2f} / 1,000,000; one "
            f"answer ends at {_DEFAULTS.max_output_tokens:,} tokens or {_DEFAULTS.timeout} s",
            at_once * HOUR * written * prices.TOKEN_OUT.amount,
        ),
        _largest_requests("Model, the largest requests", prices.MODEL_CONTEXT),
    ]


def bounded_requests() -> Item:
    """The last line of that hour where a request has `BOUNDED_BODY` bytes at most."""
    return _largest_requests(f"Model, requests of {BOUNDED_BODY:,} bytes", BOUNDED_BODY)


def _largest_requests(name: str, tokens: int) -> Item:
    at_once = _DEFAULTS.reserved_concurrency
    return Item(
        name,
        f"{at_once} x 3,600 requests of {SHORTEST_ANSWER:g} s x {tokens:,} tokens x "
        f"${prices.TOKEN_IN.amount * 1e6:.2f} / 1,000,000",
        at_once * HOUR / SHORTEST_ANSWER * tokens * prices.TOKEN_IN.amount,
    )


def function_metrics() -> int:
    """Metrics that one function tells under its own name, which CloudWatch charges each."""
    return sum(len(directive.metrics) for directive in DIRECTIVES if len(directive.dimensions) == 1)


def total(items: Sequence[Item]) -> float:
    """The sum of a bill."""
    return sum(item.dollars for item in items)


def memory_mb() -> int:
    """What a function has by default."""
    return _DEFAULTS.memory_size


def _memory_gb() -> float:
    return memory_mb() / 1024
