"""The names of what the dashboard and the alarms look at.

`infra/` does not import the function's code: tests/infra/test_metric_names.py compares these names with what the
function really emits, and AWS's own with AWS's documentation.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NAMESPACE: Final = "LambdaTokenStreaming"
"""Where the functions of all stacks put their metrics; the dimension FunctionName tells them apart."""

FUNCTION_NAME: Final = "FunctionName"
ERROR_KIND: Final = "ErrorKind"


class Metric(NamedTuple):
    """A metric as CloudWatch knows it, but for the values of its dimensions."""

    namespace: str
    name: str
    dimensions: tuple[str, ...] = (FUNCTION_NAME,)


# What the function tells of each answer, in the embedded metric format.
TIME_TO_FIRST_TOKEN: Final = Metric(NAMESPACE, "TimeToFirstToken")
TOKENS_PER_SECOND: Final = Metric(NAMESPACE, "TokensPerSecond")
DURATION: Final = Metric(NAMESPACE, "Duration")
INPUT_TOKENS: Final = Metric(NAMESPACE, "InputTokens")
OUTPUT_TOKENS: Final = Metric(NAMESPACE, "OutputTokens")
ANSWERS: Final = Metric(NAMESPACE, "Answers")
ERRORS: Final = Metric(NAMESPACE, "Errors")
ERRORS_BY_KIND: Final = Metric(NAMESPACE, "Errors", (FUNCTION_NAME, ERROR_KIND))
DEADLINE_CUTS: Final = Metric(NAMESPACE, "DeadlineCuts")
REJECTED_REQUESTS: Final = Metric(NAMESPACE, "RejectedRequests")

# What Lambda tells of the function, free of charge.
_AWS: Final = "AWS/Lambda"
INVOCATIONS: Final = Metric(_AWS, "Invocations")
CRASHES: Final = Metric(_AWS, "Errors")
THROTTLES: Final = Metric(_AWS, "Throttles")
RUN_TIME: Final = Metric(_AWS, "Duration")
CONCURRENCY: Final = Metric(_AWS, "ConcurrentExecutions")
SPILLOVER: Final = Metric(_AWS, "ProvisionedConcurrencySpilloverInvocations")
URL_REQUESTS: Final = Metric(_AWS, "UrlRequestCount")
URL_4XX: Final = Metric(_AWS, "Url4xxCount")
URL_5XX: Final = Metric(_AWS, "Url5xxCount")
