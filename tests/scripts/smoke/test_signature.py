"""The signature of a request, computed again from what arrives, and what is said where none can be made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # botocore has no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # botocore has no types
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # botocore has no types

from scripts.smoke.exchange import post
from scripts.smoke.signature import SignatureError, sign
from scripts.smoke.target import Kind, Target, read_target
from tests.fakes.canned_server import CannedServer, response

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 30.0
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a-token"


@pytest.fixture
def _logged_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)


@pytest.mark.usefixtures("_logged_in")
async def test_what_is_signed_is_what_is_sent() -> None:
    """AWS computes the signature of what arrives: so does this test, by botocore, from the bytes on the wire."""
    body = json.dumps({"messages": ["é"]}).encode()
    async with CannedServer(response("200 OK", b"x")) as server:
        target = Target(f"{server.url}chat/a%20b?x=1", Kind.FUNCTION_URL, "lambda", "eu-west-1")
        headers, private = sign(
            target, {"Content-Type": "application/json", "Origin": "https://a.example"}, body
        )
        await post(target, headers, body, PATIENCE)
        (head,) = server.heads
    sent = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    sent = {name.lower(): value for name, value in sent.items()}
    signed = sent["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    again = AWSRequest(
        "POST",
        f"http://{sent['host']}{head.split(' ')[1]}",
        {name: sent[name] for name in signed if name not in ("host", "x-amz-date", "x-amz-security-token")},
        body,
    )
    again.context["timestamp"] = sent["x-amz-date"]
    auth = SigV4Auth(Credentials(KEY, SECRET, TOKEN), "lambda", "eu-west-1")
    again.headers["X-Amz-Date"] = sent["x-amz-date"]
    again.headers["X-Amz-Security-Token"] = sent["x-amz-security-token"]
    canonical = auth.canonical_request(again)
    assert sent["authorization"].endswith(auth.signature(auth.string_to_sign(again, canonical), again))
    assert {"content-type", "host", "x-amz-date", "x-amz-security-token"} <= set(signed)
    assert private == (KEY, SECRET, TOKEN, sent["authorization"].rpartition("=")[2])


@pytest.mark.usefixtures("_logged_in")
def test_a_signature_needs_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    target = read_target("https://chat.example.com/")
    with pytest.raises(SignatureError, match=r"chat\.example\.com does not tell which\. Say it: AWS_REGION="):
        sign(target, {}, b"")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    headers, _ = sign(target, {}, b"")
    assert "/eu-north-1/lambda/aws4_request" in headers["Authorization"]


@pytest.mark.usefixtures("_logged_in")
def test_an_api_gateway_is_signed_for_by_its_own_name() -> None:
    headers, _ = sign(read_target("https://a1.execute-api.us-east-1.amazonaws.com/prod"), {}, b"")
    assert "/us-east-1/execute-api/aws4_request" in headers["Authorization"]


@pytest.mark.usefixtures("_logged_in")
def test_there_are_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    target = read_target("https://abc.lambda-url.eu-west-1.on.aws/")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SignatureError, match=r"The AWS credentials cannot be had: .*nobody"):
        sign(target, {}, b"")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(SignatureError, match="needs AWS credentials, and there are none"):
        sign(target, {}, b"")
