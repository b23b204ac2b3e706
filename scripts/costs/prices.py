"""Every price that the cost tables are computed from, in US dollars, with the page that sets it and a month.

The month is that of the newest public copy or quotation of the page in which the price was found.

Region us-east-1, first tier, no free tier, no savings plan. Other regions are up to a quarter dearer. A price that has
changed is changed here; `make docs` writes the tables anew.
"""

from __future__ import annotations

from typing import Final, NamedTuple

REGION: Final = "us-east-1"


class Price(NamedTuple):
    """An amount in US dollars for one unit; `page` sets it, and in the month `as_of` it was so."""

    amount: float
    unit: str
    page: str
    as_of: str


_LAMBDA: Final = "https://aws.amazon.com/lambda/pricing/"
_CLOUDWATCH: Final = "https://aws.amazon.com/cloudwatch/pricing/"
_OPENAI: Final = "https://platform.openai.com/docs/pricing"

DURATION: Final = {
    "arm64": Price(0.0000133334, "GB-second", _LAMBDA, "2026-02"),
    "x86_64": Price(0.0000166667, "GB-second", _LAMBDA, "2026-02"),
}
REQUEST: Final = Price(0.20 / 1e6, "request", _LAMBDA, "2026-02")
STREAMED_FREE: Final = 6e6
"""Bytes of each answer that are streamed without charge."""
STREAMED: Final = Price(0.008, "GB", _LAMBDA, "2026-02")
# For being kept started; while it answers, the duration is cheaper than without.
PROVISIONED: Final = {
    "arm64": Price(0.0000033334, "GB-second", _LAMBDA, "2026-02"),
    "x86_64": Price(0.0000041667, "GB-second", _LAMBDA, "2026-02"),
}
TRANSFER_OUT: Final = Price(0.09, "GB", "https://aws.amazon.com/ec2/pricing/on-demand/", "2026-06")

LOGS: Final = Price(0.50, "GB", _CLOUDWATCH, "2026-06")
METRIC: Final = Price(0.30, "metric-month", _CLOUDWATCH, "2026-06")
ALARM: Final = Price(0.10, "alarm-metric-month", _CLOUDWATCH, "2026-06")
# The first three dashboards of an account are free.
DASHBOARD: Final = Price(3.00, "dashboard-month", _CLOUDWATCH, "2026-06")

SECRET: Final = Price(0.40, "secret-month", "https://aws.amazon.com/secrets-manager/pricing/", "2026-09")
SECRET_READ: Final = Price(0.05 / 1e4, "call", "https://aws.amazon.com/secrets-manager/pricing/", "2026-09")
IMAGE_STORAGE: Final = Price(0.10, "GB-month", "https://aws.amazon.com/ecr/pricing/", "2026-06")

MODEL: Final = "gpt-4o-mini"
MODEL_CONTEXT: Final = 128_000
"""Most tokens that one request to that model can hold."""
TOKEN_IN: Final = Price(0.15 / 1e6, "token", _OPENAI, "2026-06")
TOKEN_OUT: Final = Price(0.60 / 1e6, "token", _OPENAI, "2026-06")
