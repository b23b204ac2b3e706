"""What an error of Secrets Manager asks of the operator, in a sentence.

Errors are JSON with `__type`, as `Name`, `namespace#Name` or `Name:address`, and a message (AWS JSON 1.1 protocol;
botocore reads them so). A refused signature's message repeats all that was signed, the session token included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from chat.sources.log_words import on_one_line

if TYPE_CHECKING:
    from collections.abc import Callable

# Of AWS's words; they name the role, the action and the ARN.
MAX_WORDS: Final = 500

_THROTTLED: Final = (
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
)
_SIGNATURE: Final = ("InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignatureException")
_UNKNOWN: Final = ("UnrecognizedClientException", "InvalidClientTokenId")
_ADVICE: Final = {
    "AccessDeniedException": "Allow the function's role secretsmanager:GetSecretValue on it, and kms:Decrypt on the "
    "KMS key that encrypts it, if that is one of your own.",
    "ResourceNotFoundException": "There is no such secret in the ARN's account and region, or it has no value yet: "
    "create it, or correct CHAT_SECRET_ARN.",
    "DecryptionFailure": "Its KMS key cannot decrypt it: enable that key, and allow the function's role kms:Decrypt "
    "on it.",
    "InvalidRequestException": "Its state forbids reading it: if it is marked for deletion, restore it with `aws "
    "secretsmanager restore-secret`.",
    "InvalidParameterException": "Correct CHAT_SECRET_ARN.",
    "ValidationException": "Correct CHAT_SECRET_ARN.",
    "ExpiredTokenException": "The credentials have expired; Lambda gives each new environment new ones.",
    "RequestExpired": "The clock of this machine is wrong.",
    **dict.fromkeys(
        _UNKNOWN,
        "AWS does not know the credentials in AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN, or no longer.",
    ),
    **dict.fromkeys(
        _SIGNATURE,
        "The signature is refused: AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID, or the clock of this "
        "machine is wrong.",
    ),
}


class Refusal(NamedTuple):
    """An error.

    `advice`: for the operator, may be empty; `said`: by AWS, on one line; `transient`: another try may succeed.
    """

    advice: str
    said: str
    transient: bool


def read_refusal(status: int, body: bytes, hide: Callable[[str], str]) -> Refusal:
    """Read an error's answer.

    Args:
        status: The response's.
        body: The response's.
        hide: Takes what is secret out of AWS's words.
    """
    code, words = _read(body)
    said = f"{status} {code}".strip()
    if words and code not in _SIGNATURE:
        said += f": {on_one_line(hide(words)[:MAX_WORDS])}"
    # InternalServiceError is among the 5xx.
    transient = code in _THROTTLED or status == 429 or status >= 500  # noqa: PLR2004 - HTTP's own
    return Refusal(_ADVICE.get(code, ""), said.rstrip("."), transient)


def _read(body: bytes) -> tuple[str, str]:
    """The error's name and message; of what is none of AWS's, no name and its text."""
    try:
        error = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        error = None
    if not isinstance(error, dict) or not isinstance(kind := error.get("__type"), str):
        return "", body.decode("utf-8", "replace").strip()
    message = error.get("message") or error.get("Message")
    return kind.rpartition("#")[2].partition(":")[0], message if isinstance(message, str) else ""
