"""The names of what the dashboard and the alarms look at.

`infra/` does not import the function's code; tests/infra compares these with what the function really emits.
"""

from __future__ import annotations

from typing import Final

NAMESPACE: Final = "LambdaTokenStreaming"
