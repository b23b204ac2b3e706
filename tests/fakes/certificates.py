"""Certificates made on the spot with the openssl program, so that no private key lies in the repository."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate and its key, as PEM files."""

    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """What a server presents this certificate with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificate(directory: Path, *names: str) -> Certificate:
    """A certificate for DNS names, valid for two days; skips the test where openssl is missing."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("the openssl program is not installed (Debian: apt-get install openssl)")
    directory.mkdir(parents=True, exist_ok=True)
    made = Certificate(directory / "certificate.pem", directory / "key.pem")
    alternatives = ",".join(f"DNS:{name}" for name in names)
    arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    arguments += ["-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={alternatives}"]
    arguments += ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run([program, *arguments], check=True, capture_output=True)
    return made
