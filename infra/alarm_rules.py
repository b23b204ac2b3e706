"""When somebody is woken up, and why: each alarm's question, its threshold, and what to do first.

Facts (CloudWatch's user guide, "Using Amazon CloudWatch alarms" and "Percentile-based alarms and low data samples"; its
pricing page, us-east-1, February 2026):

- Lambda counts an error at the time when its invocation began, not when it failed (its guide, "Types of metrics").
- A description has at most 1,024 characters. Every metric of an expression has one period; SEARCH is for graphs alone.
- With `ignore` for low samples, an alarm on p90 keeps its state while there are fewer than 100 values: 10 / (1 - 0.9).
- An alarm costs $0.10 a month for each metric that it looks at; an account's first ten are free. A function has six
  alarms on eight metrics ($0.80); with `metrics: false` three on three ($0.30).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from infra.metrics import CONCURRENCY, CRASHES, DEADLINE_CUTS, ERRORS, THROTTLES, TIME_TO_FIRST_TOKEN, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings import Settings

FEWEST: Final = 3
"""Fewer failures in a period say nothing about a share, and nobody should be woken up by one at night."""

_PERIOD: Final = 300
_CUT_PERCENT: Final = 1
_NEARLY_ALL: Final = 0.8
_LASTING: Final = "In two of three periods of 5 minutes"


@dataclass(frozen=True)
class AlarmRule:
    """One alarm on a function.

    `statistic` is taken of `metric` over `period` seconds; `share` is the metric's sum in percent of all answers, where
    it is `FEWEST` at least. The alarm goes off when it is at `threshold` or above in so many of so many periods (`of`).
    """

    name: str
    description: str
    metric: Metric
    threshold: float
    statistic: Literal["Sum", "Maximum", "p90", "share"] = "Sum"
    period: int = _PERIOD
    of: tuple[int, int] = (2, 3)


def alarm_rules(settings: Settings) -> Iterator[AlarmRule]:
    """The alarms of each function; those on the function's own metrics only where `metrics` is on."""
    yield _crashes(settings)
    if settings.reserved_concurrency != 0:  # else it is switched off, and everybody is to be turned away
        yield _throttles(settings)
    if settings.reserved_concurrency > 1:  # of one, the only answer is already all
        yield _concurrency(settings)
    if settings.metrics:
        yield _errors(settings)
        yield _cut_answers(settings)
        yield _first_token(settings)


def _crashes(settings: Settings) -> AlarmRule:
    # An invocation that the time limit ends is told so much later, for a period that has passed by then.
    periods = 3 + math.ceil(settings.timeout / _PERIOD)
    return AlarmRule(
        "crashes",
        f"Does the function itself fail? In two of {periods} periods of 5 minutes an invocation ended by the time "
        "limit, for lack of memory, or by an error that nothing caught; callers saw a broken answer or status 502. "
        "First: in the function's log, platform.report lines whose status is not success say which. A time limit: "
        f"raise timeout (now {settings.timeout} s). Memory: raise memorySize (now {settings.memory_size} MB). Right "
        "after a deployment: go back to the image before it.",
        CRASHES,
        threshold=1,
        of=(2, periods),
    )


def _throttles(settings: Settings) -> AlarmRule:
    bound = settings.reserved_concurrency
    allowed, remedy = (
        (f"reservedConcurrency ({bound}) allows", "raise reservedConcurrency")
        if bound > 0
        else ("the account allows", "have AWS raise the account's limit")
    )
    return AlarmRule(
        "throttles",
        f"Is anybody turned away? {_LASTING} requests got status 429, because as many answers were under way as "
        f"{allowed}. First: are the callers yours? If so, {remedy}; if not, set authorization to AWS_IAM, or "
        "reservedConcurrency to 0 until it is over.",
        THROTTLES,
        threshold=1,
    )


def _concurrency(settings: Settings) -> AlarmRule:
    bound = settings.reserved_concurrency
    return AlarmRule(
        "concurrency",
        f"Will callers be turned away soon? {_LASTING} at least 80 % of reservedConcurrency ({bound}) were in use at "
        "once. First: if the callers are yours, raise it before they meet status 429; what an hour can cost grows with "
        "it. If answers take longer than they did, look at the model's provider.",
        CONCURRENCY,
        statistic="Maximum",
        threshold=_NEARLY_ALL * bound,
    )


def _errors(settings: Settings) -> AlarmRule:
    return AlarmRule(
        "errors",
        f"Do too many answers fail? {_LASTING} {settings.alarm_error_percent} % or more did, and no fewer than "
        f"{FEWEST}. First: 'What fails, and how?' on the dashboard names the kinds. bad_key, not_configured, "
        "model_not_found, quota_exceeded: mend the key, the model's name or the account at the model's provider. "
        "rate_limited, unavailable, timeout, broken_stream: see the provider's status page. context_too_long, "
        "content_filter: look at what is asked. deadline: see the alarm on cut answers. Any other: find the error id "
        "in the log.",
        ERRORS,
        statistic="share",
        threshold=settings.alarm_error_percent,
    )


def _cut_answers(settings: Settings) -> AlarmRule:
    return AlarmRule(
        "cut-answers",
        f"Are answers cut off? In an hour {_CUT_PERCENT} % or more, and no fewer than {FEWEST}, reached the function's "
        "deadline, and their readers were told so. First: has the model become slow ('How fast do tokens flow?')? If "
        f"not, answers are longer than the time for them: raise timeout (now {settings.timeout} s), or lower "
        "maxOutputTokens.",
        DEADLINE_CUTS,
        statistic="share",
        threshold=_CUT_PERCENT,
        period=3600,
        of=(1, 1),
    )


def _first_token(settings: Settings) -> AlarmRule:
    return AlarmRule(
        "first-token",
        "Does the first token take too long? For 15 minutes one answer in ten waited for it "
        f"{settings.alarm_first_token_ms} ms or longer. First: 'How often is there a cold start?' on the dashboard; if "
        "that is it, raise memorySize or set provisionedConcurrency. Otherwise it is the model's provider, or "
        "conversations have become long ('How many tokens do we pay for?').",
        TIME_TO_FIRST_TOKEN,
        statistic="p90",
        threshold=settings.alarm_first_token_ms,
        # A few slow answers at night must not do: there has to be one in every period.
        of=(3, 3),
    )
