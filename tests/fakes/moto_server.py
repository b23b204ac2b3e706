"""moto's server as the process that it is: AWS's control plane without AWS, with secrets to read and to replace."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Self

import botocore.session  # type: ignore[import-untyped]  # botocore has no types

if TYPE_CHECKING:
    from types import TracebackType

REGION = "eu-central-1"
ACCOUNT = "123456789012"


class MotoServer:
    """`with MotoServer() as moto`; `address` is its host and port. Requests need no valid signature."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.address = ""
        self._started = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self._started.wait(60), "moto did not say where it listens"
        assert self.address, "moto ended"
        self._client = botocore.session.get_session().create_client(
            "secretsmanager",
            region_name=REGION,
            endpoint_url=f"http://{self.address}",
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        """Find the address in what it prints, and go on reading, so that the pipe does not fill."""
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                if not self.address and (found := re.search(r"Running on http://([\d.:]+)", line)):
                    self.address = found[1]
                    self._started.set()
        self._started.set()

    def create_secret(self, name: str, text: str | bytes) -> str:
        """Make a secret and give its ARN."""
        value = {"SecretString": text} if isinstance(text, str) else {"SecretBinary": text}
        return str(self._client.create_secret(Name=name, **value)["ARN"])

    def put_secret(self, arn: str, text: str) -> None:
        """Replace a secret's text, as a rotation does."""
        self._client.put_secret_value(SecretId=arn, SecretString=text)

    def delete_secret(self, arn: str) -> None:
        """Mark a secret for deletion, after which it cannot be read."""
        self._client.delete_secret(SecretId=arn)

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """What it answers to a POST."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def reset(self) -> None:
        """Forget all secrets."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request("POST", "/moto-api/reset")
            connection.getresponse().read()
        finally:
            connection.close()
