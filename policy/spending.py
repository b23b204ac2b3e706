"""Cost: what a stranger can make the account pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.seen import UNKNOWN, Seen, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FUNCTION: Final = "aws:lambda/function:Function"
URL: Final = "aws:lambda/functionUrl:FunctionUrl"
# Lambda's bounds for a function; its default of 3 cuts off nearly every answer.
_LEAST_SECONDS, _MOST_SECONDS = 10, 900


def timed(properties: Mapping[str, Any]) -> Iterator[str]:
    """A function's time is stated: the bound of what one answer costs, and no answer is cut off by a default."""
    seconds = properties.get("timeout")
    if seconds is not UNKNOWN and not _LEAST_SECONDS <= (seconds or 0) <= _MOST_SECONDS:
        yield f"timeout is {seconds or 'not set'}: set it, from {_LEAST_SECONDS} to {_MOST_SECONDS} seconds."


def bounded(resources: Sequence[Seen]) -> Iterator[Violation]:
    """A function behind a public URL has reserved concurrency, the only bound of what strangers can spend at a time."""
    for each in _public(resources):
        reserved = each.properties.get("reservedConcurrentExecutions")
        if reserved is not UNKNOWN and (reserved is None or reserved < 0):
            yield Violation(
                each.urn,
                "Anybody may call the function, as often at a time as the account allows: set "
                "reserved_concurrent_executions (reservedConcurrency), or the URL's authorization to AWS_IAM.",
            )


def short(resources: Sequence[Seen]) -> Iterator[Violation]:
    """A function behind a public URL asks the model for answers of a bounded length, which its provider bills."""
    for each in _public(resources):
        environment = each.properties.get("environment")
        variables = UNKNOWN if environment is UNKNOWN else (environment or {}).get("variables")
        most = UNKNOWN if variables is UNKNOWN else (variables or {}).get("CHAT_MAX_OUTPUT_TOKENS")
        if most is not UNKNOWN and (most or "0").strip() in ("", "0"):
            yield Violation(
                each.urn,
                "Anybody may call the function, and its answers are as long as the model likes: set "
                "CHAT_MAX_OUTPUT_TOKENS (maxOutputTokens), or the URL's authorization to AWS_IAM.",
            )


def _public(resources: Sequence[Seen]) -> Iterator[Seen]:
    """Functions that may be behind a URL without authorization; all of them while its function is not known yet."""
    called = {
        each.properties.get("functionName")
        for each in resources
        if each.type == URL and each.properties.get("authorizationType") == "NONE"
    }
    return (
        each
        for each in resources
        if each.type == FUNCTION and {each.properties.get("name"), UNKNOWN} & called
    )
