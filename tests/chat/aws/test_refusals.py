"""Errors of Secrets Manager: read in every form, and each with what the operator must do."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import botocore  # type: ignore[import-untyped]  # botocore has no types
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.aws.refusals import MAX_WORDS, read_refusal

SECRET = "session-token-0123456789"


def hide(words: str) -> str:
    return words.replace(SECRET, "[hidden]")


def refusal(status: int, error: Any) -> Any:
    return read_refusal(status, json.dumps(error).encode(), hide)


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("AccessDeniedException", "secretsmanager:GetSecretValue on it, and kms:Decrypt"),
        ("ResourceNotFoundException", "create it, or correct CHAT_SECRET_ARN"),
        ("DecryptionFailure", "enable that key"),
        ("InvalidRequestException", "restore-secret"),
        ("InvalidParameterException", "CHAT_SECRET_ARN"),
        ("ValidationException", "CHAT_SECRET_ARN"),
        ("UnrecognizedClientException", "does not know the credentials"),
        ("InvalidClientTokenId", "does not know the credentials"),
        ("ExpiredTokenException", "have expired"),
        ("InvalidSignatureException", "AWS_SECRET_ACCESS_KEY does not belong"),
        ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY does not belong"),
        ("RequestExpired", "clock"),
    ],
)
def test_what_the_operator_must_do(kind: str, advice: str) -> None:
    found = refusal(400, {"__type": kind, "Message": "No."})
    assert advice in found.advice
    assert found.advice.endswith(".")
    assert not found.transient


def test_every_error_that_the_operation_documents_is_known() -> None:
    """By botocore's service model; InternalServiceError asks nothing of the operator but to wait."""
    model = next(Path(botocore.__file__).parent.glob("data/secretsmanager/*/service-2.json.gz"))
    operation = json.loads(gzip.decompress(model.read_bytes()))["operations"]["GetSecretValue"]
    documented = {error["shape"] for error in operation["errors"]}
    assert "ResourceNotFoundException" in documented
    for kind in documented - {"InternalServiceError"}:
        assert refusal(400, {"__type": kind}).advice


@pytest.mark.parametrize(
    ("status", "kind", "transient"),
    [
        (500, "InternalServiceError", True),
        (503, "", True),
        (429, "", True),
        (400, "ThrottlingException", True),
        (400, "TooManyRequestsException", True),
        (400, "AccessDeniedException", False),
        (403, "", False),
    ],
)
def test_another_try_helps_against_load_and_faults_alone(status: int, kind: str, *, transient: bool) -> None:
    assert refusal(status, {"__type": kind}).transient is transient


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"__type": "AccessDeniedException", "Message": "Not you."}, "400 AccessDeniedException: Not you"),
        ({"__type": "com.amazonaws#DecryptionFailure", "message": "No key"}, "400 DecryptionFailure: No key"),
        ({"__type": "ResourceNotFoundException:http://h.example/x/"}, "400 ResourceNotFoundException"),
        ({"__type": "X", "message": 7}, "400 X"),
        ({"__type": 7}, '400: {"__type": 7}'),
        (["no", "object"], '400: ["no", "object"]'),
        ({"__type": "X", "Message": "two\nlines"}, r"400 X: two\nlines"),
    ],
)
def test_every_form(error: Any, said: str) -> None:
    assert refusal(400, error).said == said


def test_what_is_none_of_aws_s_is_quoted_briefly() -> None:
    found = read_refusal(502, b"<html>" + b"x" * 100_000, hide)
    assert found.said.startswith("502: <html>xxx")
    assert len(found.said) <= MAX_WORDS + len("502: ")
    assert read_refusal(502, b"", hide).said == "502"


def test_a_refused_signature_is_not_quoted() -> None:
    """AWS repeats all that was signed, the session token included."""
    words = f"The Canonical String should have been 'POST\n/\n\nx-amz-security-token:{SECRET}'"
    found = refusal(403, {"__type": "InvalidSignatureException", "message": words})
    assert found.said == "403 InvalidSignatureException"


@given(st.binary(), st.integers(100, 599), st.integers(0, MAX_WORDS))
@example(b"", 400, MAX_WORDS - 10)
def test_nothing_secret_is_said_and_nothing_is_a_crash(noise: bytes, status: int, offset: int) -> None:
    """Wherever it stands, also where the words are cut."""
    body = noise[:offset] + b"y" * offset + SECRET.encode() + noise
    for answer in (body, json.dumps({"__type": "X", "message": body.decode("latin-1")}).encode()):
        found = read_refusal(status, answer, hide)
        assert SECRET[:8] not in found.said
        assert found.said.isprintable()
