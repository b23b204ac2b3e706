"""The ARN of a secret: what it must look like, and where its Secrets Manager answers.

AWS's SDKs take another endpoint from AWS_ENDPOINT_URL_SECRETS_MANAGER, else from AWS_ENDPOINT_URL, unless
AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true (SDK reference guide, "Service-specific endpoints"): for FIPS endpoints,
VPC endpoints without private DNS, LocalStack and moto.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from chat.web_addresses import checked, without_password

if TYPE_CHECKING:
    from collections.abc import Mapping

# Domains of AWS's partitions, as botocore's partitions.json has them. An endpoint is service.region.domain.
_DOMAINS: Final = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-us-gov": "amazonaws.com",
}
# CreateSecret allows letters, digits and /_+=.@- in names; secrets that AWS services manage have a ! besides.
_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):secretsmanager:(?P<region>[a-z]+(-[a-z0-9]+)+):[0-9]{12}"
    r":secret:[A-Za-z0-9/_+=.@!-]{1,519}"
)
_HERE: Final = ("localhost", "127.0.0.1", "::1")

_log = logging.getLogger("chat")


class SecretArn(NamedTuple):
    """A checked ARN. `endpoint` is the URL of its region's Secrets Manager."""

    text: str
    region: str
    endpoint: str

    @classmethod
    def parse(cls, text: str) -> SecretArn:
        """Read an ARN.

        Raises:
            ValueError: it is none of a secret; the message is the middle of a sentence and does not show it.
        """
        if (match := _ARN.fullmatch(text)) is None:
            raise ValueError("is not the ARN of a secret in Secrets Manager")
        partition, region = match["partition"], match["region"]
        if (domain := _DOMAINS.get(partition)) is None:
            raise ValueError(f"names the partition {partition}; known are {', '.join(_DOMAINS)}")
        return cls(text, region, f"https://secretsmanager.{region}.{domain}")

    def endpoint_in(self, environ: Mapping[str, str]) -> str:
        """The URL to ask: the environment's, else the region's own.

        Raises:
            ValueError: the environment's cannot be used; the message is a sentence.
        """
        if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").strip().lower() == "true":
            return self.endpoint
        for name in ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"):
            if url := environ.get(name, "").strip():
                return self._usable(name, url)
        return self.endpoint

    def _usable(self, name: str, url: str) -> str:
        try:
            parts = checked(url)
        except ValueError as error:
            wrong = str(error)
        else:
            wrong = "it has a query or a fragment in it" if parts.query or parts.fragment else ""
            if parts.scheme == "http" and parts.hostname not in _HERE:
                _log.warning(
                    "The secret is read from %s without encryption, as %s says; on AWS it begins with https.",
                    without_password(url),
                    name,
                )
        if wrong:
            raise ValueError(
                f"{name} is {without_password(url)!r}, but {wrong}; it must be the URL of an endpoint, such as "
                f"{self.endpoint}."
            )
        return url
