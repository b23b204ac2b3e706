"""What the dashboard shows: for each function the questions of who runs a chat backend, as titles of widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from infra import metrics
from infra.dashboard_widgets import alarm_states, calculated, laid_out, text, whole_width
from infra.log_queries import COLD_STARTS, FAILURES, MEMORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.dashboard_widgets import ShownFunction, Widget
    from infra.settings import Settings

_SUM: Final = "Sum"
_MAXIMUM: Final = "Maximum"


def dashboard_body(
    title: str, *, functions: Sequence[ShownFunction], alarms: Sequence[str], settings: Settings
) -> dict[str, Any]:
    """The body as CloudWatch takes it, to be made JSON.

    Args:
        title: What stands above all.
        functions: What is shown, one below the other.
        alarms: ARNs of the alarms whose states are shown first; none if there are no alarms.
        settings: The stack's configuration.
    """
    rows = [[text(f"# {title}\nMade by `pulumi up`, which undoes what is changed here by hand.")]]
    if alarms:
        rows.append([alarm_states("Is anything wrong right now?", alarms)])
    for function in functions:
        rows += [
            [text(f"## {function.heading}\n`{function.name}`")],
            _speed(function, settings),
            _failures(function, settings),
            _load(function, settings),
            _cost(function, settings),
            [whole_width(function.log("What went wrong last?", FAILURES[settings.log_format], view="table"))],
        ]
    return {"widgets": laid_out(rows)}


def _speed(function: ShownFunction, settings: Settings) -> list[Widget]:
    return [
        function.graph(
            "How long until the first token?",
            *function.percentiles(metrics.TIME_TO_FIRST_TOKEN, "p50", "p90", "p99"),
            unit="ms",
            mark=("alarm on p90", settings.alarm_first_token_ms) if settings.alarms else None,
        ),
        function.graph(
            "How fast do tokens flow?",
            # The slow answers are the low numbers here.
            *function.percentiles(metrics.TOKENS_PER_SECOND, "p50", "p10", "p1"),
            unit="tokens a second",
        ),
        function.graph(
            "Are answers cut off?",
            *function.percentiles(metrics.DURATION, "p50", "p90"),
            function.line(metrics.DURATION, _MAXIMUM, "longest answer"),
            function.line(metrics.DEADLINE_CUTS, _SUM, "cut off", yAxis="right"),
            unit="ms",
            mark=("timeout", settings.timeout * 1000),
        ),
    ]


def _failures(function: ShownFunction, settings: Settings) -> list[Widget]:
    return [
        function.graph(
            "What fails, and how?",
            function.lines_by(metrics.ERRORS_BY_KIND, _SUM),
            unit="answers",
            stacked=True,
        ),
        function.graph(
            "What share of the answers fails?",
            calculated("100 * errors / answers", "failed, %", id_="share"),
            function.line(metrics.ERRORS, _SUM, "failed", id="errors", visible=False),
            function.line(metrics.ANSWERS, _SUM, "answers", id="answers", yAxis="right"),
            unit="%",
            mark=("alarm", settings.alarm_error_percent) if settings.alarms else None,
        ),
        function.graph(
            "Does the function itself fail?",
            function.line(metrics.CRASHES, _SUM, "crashes and time-outs"),
            function.line(metrics.INVOCATIONS, _SUM, "invocations", yAxis="right"),
            unit="invocations",
        ),
    ]


def _load(function: ShownFunction, settings: Settings) -> list[Widget]:
    bound = settings.reserved_concurrency
    load = [
        function.line(metrics.CONCURRENCY, _MAXIMUM, "at the same time"),
        function.line(metrics.THROTTLES, _SUM, "turned away (429)", yAxis="right"),
    ]
    if settings.provisioned_concurrency:
        load.append(function.line(metrics.SPILLOVER, _SUM, "beyond provisionedConcurrency", yAxis="right"))
    return [
        function.graph(
            "Is anybody turned away?",
            *load,
            unit="answers",
            mark=("reservedConcurrency", bound) if bound >= 0 else None,
        ),
        function.graph(
            "What do callers get?",
            function.line(metrics.URL_REQUESTS, _SUM, "requests"),
            function.line(metrics.URL_4XX, _SUM, "4xx"),
            function.line(metrics.URL_5XX, _SUM, "5xx"),
            function.line(metrics.REJECTED_REQUESTS, _SUM, "refused by the function (4xx)"),
            unit="requests",
        ),
        function.log("How often is there a cold start?", COLD_STARTS[settings.log_format], view="table"),
    ]


def _cost(function: ShownFunction, settings: Settings) -> list[Widget]:
    return [
        function.graph(
            "How many tokens do we pay for?",
            function.line(metrics.INPUT_TOKENS, _SUM, "in"),
            function.line(metrics.OUTPUT_TOKENS, _SUM, "out"),
            unit="tokens",
            stacked=True,
        ),
        function.graph(
            "How much Lambda do we pay for?",
            # Lambda's Duration leaves out what is billed beside it: cold starts, and rounding up to 1 ms.
            calculated(f"duration / 1000 * {settings.memory_size} / 1024", "GB-seconds, about", id_="billed"),
            function.line(metrics.RUN_TIME, _SUM, "duration", id="duration", visible=False),
            unit="GB-seconds",
        ),
        function.log("Is the memory enough?", MEMORY[settings.log_format], view="timeSeries"),
    ]
