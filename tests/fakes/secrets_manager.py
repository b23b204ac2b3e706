"""Secrets Manager as strict as AWS: each request's signature is computed anew by botocore, then moto answers.

It records what comes, as `FakeUpstream` does, and plays scripted replies where a test wants a failure.
"""

from __future__ import annotations

import json
import time
from calendar import timegm
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # botocore has no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # botocore has no types
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # botocore has no types

from tests.fakes.moto_server import REGION
from tests.fakes.upstream import FakeUpstream, Reply

if TYPE_CHECKING:
    import ssl

    from tests.fakes.moto_server import MotoServer
    from tests.fakes.upstream import Request

# The examples of AWS's guides, and a token with the characters that real ones have.
ROLE = Credentials(
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjEJr//token+EXAMPLE=="
)


class StrictSecretsManager(FakeUpstream):
    """Answers GetSecretValue for requests that `ROLE` has signed."""

    def __init__(self, moto: MotoServer, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.moto = moto

    @property
    def url(self) -> str:
        """The endpoint, as AWS_ENDPOINT_URL_SECRETS_MANAGER has it."""
        return super().url.removesuffix("/v1")

    @property
    def environment(self) -> dict[str, str]:
        """What leads a function here, with the credentials of its role."""
        return {
            "AWS_ACCESS_KEY_ID": ROLE.access_key,
            "AWS_SECRET_ACCESS_KEY": ROLE.secret_key,
            "AWS_SESSION_TOKEN": ROLE.token,
            "AWS_REGION": "us-east-1",  # the secret may be in another region than the function
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.url,
        }

    def _next_reply(self) -> Reply:
        if self._replies:
            return super()._next_reply()
        request = self.requests[-1]
        if wrong := signature_error(request, self.url):
            return aws_error("InvalidSignatureException", wrong, 403)
        return json_reply(*self.moto.answer(request.headers, request.body))


def json_reply(status: int, body: bytes) -> Reply:
    """A whole answer in AWS's JSON."""
    return Reply([body], status, {"Content-Type": "application/x-amz-json-1.1"}, framing="length")


def secret_reply(text: str, **fields: Any) -> Reply:
    """What GetSecretValue answers."""
    return json_reply(200, json.dumps({"Name": "chat", "SecretString": text, **fields}).encode())


def aws_error(kind: str, message: str = "", status: int = 400) -> Reply:
    """An error of AWS's."""
    return json_reply(status, json.dumps({"__type": kind, "Message": message}).encode())


def signature_error(request: Request, url: str) -> str:
    """What AWS would find wrong with a request's signature; empty if nothing is."""
    fields = dict(
        part.split("=", 1) for part in request.headers["authorization"].partition(" ")[2].split(", ")
    )
    names = fields["SignedHeaders"].split(";")
    if missing := {"host", "x-amz-date", "x-amz-security-token", "x-amz-target"} - set(names):
        return f"not signed: {missing}"
    stamp = request.headers["x-amz-date"]
    age = time.time() - timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    if not -300 < age < 300:
        return f"signed {age} s ago"
    signer = SigV4Auth(ROLE, "secretsmanager", REGION)
    signed = AWSRequest(
        request.method,
        url + request.target,
        {name: request.headers[name] for name in names},
        request.body,
    )
    signed.context["timestamp"] = stamp
    canonical = signer.canonical_request(signed)
    signature = signer.signature(signer.string_to_sign(signed, canonical), signed)
    if fields["Credential"] != signer.scope(signed) or fields["Signature"] != signature:
        return f"The Canonical String for this request should have been\n'{canonical}'\n"
    return ""
