"""Events and buffered results as awslambdaric reads and writes them."""

from __future__ import annotations

import json
from typing import Any

from lambda_runtime.errors import RuntimeFault


def unmarshal(body: bytes, content_type: str) -> Any:
    """An event's value: JSON, or the bytes themselves where the platform says that it is not JSON.

    Raises:
        RuntimeFault: Runtime.UnmarshalError.
    """
    if content_type.partition(";")[0].strip() != "application/json":
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RuntimeFault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error


def marshal(result: Any) -> tuple[bytes, str]:
    """A buffered handler's result as (body, content type): bytes as they are, all else as JSON.

    Raises:
        RuntimeFault: Runtime.MarshalError.
    """
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return json.dumps(result, ensure_ascii=False, default=_decimal).encode(), "application/json"
    except (TypeError, ValueError, RecursionError) as error:
        raise RuntimeFault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _decimal(value: Any) -> float | int:
    # DynamoDB's numbers. Compared by name: `decimal` is not imported for the many functions without one.
    if type(value).__module__ == "decimal" and type(value).__name__ == "Decimal":
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
