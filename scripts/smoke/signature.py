"""Signs a request for an endpoint behind IAM, with the credentials that the AWS CLI would use (botocore)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # botocore has no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # botocore has no types
from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]  # botocore has no types
from botocore.session import Session  # type: ignore[import-untyped]  # botocore has no types

from scripts.smoke.target import TargetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.smoke.target import Target


class SignatureError(TargetError):
    """A request cannot be signed; the message says what is missing."""


def sign(target: Target, headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], tuple[str, ...]]:
    """The headers of a POST with its signature, and what of them must never be shown.

    Raises:
        SignatureError: no credentials are found, or no region.
    """
    region = target.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise SignatureError(
            f"A signature names a region, and {target.host} does not tell which. Say it: AWS_REGION=eu-west-1"
        )
    try:
        credentials = Session().get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
    except BotoCoreError as error:
        raise SignatureError(f"The AWS credentials cannot be had: {error}") from None
    if frozen is None:
        raise SignatureError(
            "AUTH=AWS_IAM needs AWS credentials, and there are none. Log in (aws sso login, aws configure), or name "
            "a profile that has them: AWS_PROFILE=…"
        )
    request = AWSRequest("POST", target.url, dict(headers), body)
    SigV4Auth(frozen, target.service, region).add_auth(request)
    signed = dict(request.headers.items())
    signature = signed["Authorization"].rpartition("Signature=")[2]
    private = (frozen.access_key, frozen.secret_key, frozen.token, signature)
    return signed, tuple(value for value in private if value)
