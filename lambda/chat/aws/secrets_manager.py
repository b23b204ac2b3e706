"""Reads one secret from AWS Secrets Manager, and says in a sentence what to do where that fails.

Facts that the code rests on (Secrets Manager's API reference, GetSecretValue, and its quotas):
- A POST to `/` with the operation in X-Amz-Target, JSON in and out; without a version it is AWSCURRENT's.
- A secret's value has at most 65,536 bytes, and JSON may write each as six.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Final

import msgspec

from chat.aws.credentials import CredentialsError, credentials_from
from chat.aws.refusals import read_refusal
from chat.aws.signing import signed_headers
from chat.http.client import HttpClient
from chat.http.connection import HttpError
from chat.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chat.aws.credentials import Credentials
    from chat.aws.secret_arn import SecretArn

MAX_ANSWER: Final = 512 * 1024
# As the SDKs have it: one try and two more.
TRIES: Final = 3
FIRST_DELAY: Final = 0.1

_SIGNED: Final = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "secretsmanager.GetSecretValue",
}


class SecretError(Exception):
    """The secret could not be read. The message is a sentence for the operator, with nothing secret in it.

    `transient`: another try may succeed.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class _Answer(msgspec.Struct, rename="pascal"):
    secret_string: str | None = None
    secret_binary: str | None = None


class SecretsManager:
    """Reads one secret.

    Args:
        arn: The secret's.
        timeout: Seconds for a reading, over all its tries; a single try has half of them.
        environ: Where endpoint and proxies are read, once, and the credentials at each try.

    Raises:
        SettingsError: the endpoint's or a proxy's variable is wrong.
    """

    def __init__(self, arn: SecretArn, timeout: float, environ: Mapping[str, str] = os.environ) -> None:
        self._arn = arn
        self._timeout = timeout
        self._environ = environ
        try:
            endpoint = arn.endpoint_in(environ)
        except ValueError as error:
            raise SettingsError(str(error)) from None
        fixed = {**_SIGNED, "User-Agent": "lambda-token-streaming"}
        self._client = HttpClient(endpoint, fixed, timeout / 2, environ)

    async def read(self) -> str:
        """The secret's current text.

        Raises:
            SecretError: it could not be read within the time.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._timeout
        tries = 0
        while True:
            tries += 1
            try:
                return await self._try(min(clock() + self._timeout / 2, deadline))
            except SecretError as error:
                # Between half and all of a doubling delay: environments that start together spread out.
                delay = FIRST_DELAY * 2.0 ** (tries - 1) * (1 - 0.5 * os.urandom(1)[0] / 255)
                if not error.transient or tries == TRIES or clock() + delay >= deadline:
                    raise
            await asyncio.sleep(delay)

    async def aclose(self) -> None:
        """Close the connection of a reading under way."""
        await self._client.aclose()

    async def _try(self, deadline: float) -> str:
        try:
            credentials = credentials_from(self._environ)
        except CredentialsError as error:
            raise self._error(str(error)) from None
        try:
            status, answer = await self._post(credentials, deadline)
        except HttpError as error:
            raise self._error(f"{error}.{self._way()}", transient=error.transient) from None
        except TimeoutError:
            raise self._error(
                f"no answer in time (CHAT_SECRET_TIMEOUT).{self._way()}", transient=True
            ) from None
        if status != 200:  # noqa: PLR2004 - the one good answer
            refusal = read_refusal(status, answer, credentials.hidden_in)
            why = f"it answered {refusal.said}. {refusal.advice}".rstrip()
            raise self._error(why, transient=refusal.transient)
        return self._text(answer)

    async def _post(self, credentials: Credentials, deadline: float) -> tuple[int, bytes]:
        body = msgspec.json.encode({"SecretId": self._arn.text})
        headers = signed_headers(
            credentials,
            service="secretsmanager",
            region=self._arn.region,
            path=self._client.path,
            headers={"Host": self._client.host, **_SIGNED},
            body=body,
            now=time.time(),
        )
        response = await self._client.post(body, deadline, headers)
        try:
            answer = b""
            while data := await response.read(deadline):
                answer += data
                if len(answer) > MAX_ANSWER:
                    raise self._error(
                        f"its answer is larger than {MAX_ANSWER} bytes; what answers is not AWS."
                    )
        finally:
            # Not kept: the next reading is hours away, if there is one.
            response.close()
        return response.status, answer

    def _text(self, answer: bytes) -> str:
        try:
            secret = msgspec.json.decode(answer, type=_Answer)
        except (ValueError, RecursionError):  # their messages are not shown, whatever they quote
            raise self._error(
                "its answer is not Secrets Manager's; check AWS_ENDPOINT_URL… and the proxy's variables."
            ) from None
        if secret.secret_string is None:
            what = "nothing" if secret.secret_binary is None else "bytes (SecretBinary)"
            raise self._error(f"the secret holds {what} where text is expected; store it as SecretString.")
        return secret.secret_string

    def _way(self) -> str:
        """What a function that gets no answer usually lacks."""
        return (
            " A function in a VPC needs a NAT gateway or the endpoint "
            f"com.amazonaws.{self._arn.region}.secretsmanager, and security groups that let it through."
        )

    def _error(self, why: str, *, transient: bool = False) -> SecretError:
        return SecretError(
            f"The secret {self._arn.text} could not be read from {self._client.host}: {why}",
            transient=transient,
        )
