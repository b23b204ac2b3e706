"""Signature Version 4, with botocore as the oracle."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # botocore has no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # botocore has no types
from botocore.credentials import Credentials as BotocoreCredentials  # type: ignore[import-untyped]  # botocore has no types
from hypothesis import example, given
from hypothesis import strategies as st

from chat.aws.credentials import Credentials
from chat.aws.signing import canonical_request, signed_headers

GRAPHIC = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
NAMES = st.text(GRAPHIC, min_size=1)
CREDENTIALS = st.builds(Credentials, NAMES, NAMES, st.text(GRAPHIC))
# As they can stand in a request line; the rest of a path is percent-encoded there.
PATHS = st.text("abc/.~%20-_", max_size=20).map("/{}".format)
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "X-Amz-Target", "x-lower", "X-Amz-A"]), VALUES, max_size=4
)
HOSTS = st.sampled_from(
    ["secretsmanager.eu-central-1.amazonaws.com", "localhost:4566", "[::1]:5000", "127.0.0.1:80"]
)


def botocores(
    credentials: Credentials,
    service: str,
    region: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    now: float,
) -> tuple[str, dict[str, str]]:
    """The canonical request and the added headers, as botocore makes them."""
    token = credentials.session_token or None
    signer = SigV4Auth(
        BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key, token), service, region
    )
    request: Any = AWSRequest("POST", f"http://{headers['Host']}{path}", dict(headers), body)
    request.context["timestamp"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    signer._inject_signature_to_request(
        request, signer.signature(signer.string_to_sign(request, canonical), request)
    )
    return canonical, {name: value for name, value in request.headers.items() if name not in headers}


@given(
    CREDENTIALS,
    st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True),
    st.from_regex(r"[a-z]{2}(-[a-z]{3,9}){1,2}-\d", fullmatch=True),
    HOSTS,
    PATHS,
    HEADERS,
    st.binary(max_size=200),
    st.integers(0, 4_102_444_800),
)
@example(Credentials("AK", "secret", ""), "secretsmanager", "eu-central-1", "h.example", "/", {}, b"", 0)
@example(Credentials("AK", "secret", "t"), "s", "us-east-1", "h.example", "/a//b/./../%20c/", {}, b"{}", 1e9)
@example(
    Credentials("AK", "secret", "t"), "s", "us-east-1", "h.example", "/..", {"X-Amz-A": " a   b "}, b"", 1e9
)
def test_botocore_signs_the_same(
    credentials: Credentials,
    service: str,
    region: str,
    host: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    now: float,
) -> None:
    """Any credentials, region, service, host, path, headers, body and time."""
    sent = {"Host": host, **headers}
    canonical, added = botocores(credentials, service, region, path, sent, body, now)
    ours = signed_headers(
        credentials, service=service, region=region, path=path, headers=sent, body=body, now=now
    )
    own = {name: value for name, value in ours.items() if name != "Authorization"}
    assert canonical_request(path, sent | own, body)[0] == canonical
    assert ours == added


def test_without_a_session_token_none_is_sent() -> None:
    permanent = Credentials("AK", "secret", "")
    added = signed_headers(permanent, service="s", region="r", path="/", headers={}, body=b"", now=0)
    assert set(added) == {"X-Amz-Date", "Authorization"}


@pytest.mark.parametrize("change", ["path", "body", "headers", "now", "region", "service", "credentials"])
def test_whatever_changes_the_signature_changes(change: str) -> None:
    arguments: dict[str, Any] = {
        "credentials": Credentials("AK", "secret", "token"),
        "service": "secretsmanager",
        "region": "eu-central-1",
        "path": "/",
        "headers": {"Host": "h.example"},
        "body": b"{}",
        "now": 0.0,
    }
    other = {
        "path": "/a",
        "body": b"[]",
        "headers": {"Host": "i.example"},
        "now": 1.0,
        "region": "eu-west-1",
        "service": "ssm",
        "credentials": Credentials("AK", "other", "token"),
    }
    signature = signed_headers(**arguments)["Authorization"].rpartition("=")[2]
    assert (
        signed_headers(**arguments | {change: other[change]})["Authorization"].rpartition("=")[2] != signature
    )
