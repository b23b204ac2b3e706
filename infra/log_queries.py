"""What the dashboard asks of a function's log, in the language of CloudWatch Logs Insights, for both log formats.

Facts: in a log group of JSON format Lambda's own lines are objects of `type` platform.report, with times and memory
under `record.metrics` and how it ended in `record.status` (Lambda's guide, "Telemetry API event schema"; they are told
at the system's log level INFO). `@initDuration`, `@maxMemoryUsed` (in bytes) and their like are found in REPORT lines
of text alone (CloudWatch Logs' guide, "Supported logs and discovered fields"). `count(field)` counts the lines that
have it.
"""

from __future__ import annotations

from typing import Final

COLD_STARTS: Final = {
    "JSON": (
        'filter type = "platform.report" | stats count(*) as requests, count(record.metrics.initDurationMs) as '
        "coldStarts, pct(record.metrics.initDurationMs, 50) as p50Ms, max(record.metrics.initDurationMs) as maxMs "
        "by bin(1h) as hour | sort hour desc"
    ),
    "Text": (
        'filter @type = "REPORT" | stats count(*) as requests, count(@initDuration) as coldStarts, '
        "pct(@initDuration, 50) as p50Ms, max(@initDuration) as maxMs by bin(1h) as hour | sort hour desc"
    ),
}
MEMORY: Final = {
    "JSON": (
        'filter type = "platform.report" | stats max(record.metrics.maxMemoryUsedMB) as usedMB, '
        "max(record.metrics.memorySizeMB) as memorySizeMB by bin(5m)"
    ),
    "Text": (
        'filter @type = "REPORT" | stats max(@maxMemoryUsed / 1000 / 1000) as usedMB, '
        "max(@memorySize / 1000 / 1000) as memorySizeMB by bin(5m)"
    ),
}
FAILURES: Final = {
    # Lines of metrics have coldStart, and the least level that passes Lambda's filter: they are no errors by it.
    "JSON": (
        "fields @timestamp, coalesce(errorKind, errorType, record.status) as kind, coalesce(message, errorMessage) "
        "as what, errorId, coalesce(requestId, record.requestId) as request, traceId, xrayTraceId "
        '| filter (level in ["ERROR", "FATAL"] and not ispresent(coldStart)) '
        'or (type = "platform.report" and record.status != "success") | sort @timestamp desc | limit 50'
    ),
    # The line has the request's id and the trace's before its words.
    "Text": (
        r"fields @timestamp, @message | filter @message like /^\[(ERROR|CRITICAL)\]/ "
        r'or (@type = "REPORT" and @message like /Status: /) | sort @timestamp desc | limit 50'
    ),
}
