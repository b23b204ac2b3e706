"""What the chat tests share: the real client, a fake upstream with and without TLS, Secrets Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

from chat.http.dialing import tls_context
from tests.clients import ui as ui_clients
from tests.clients.ai4 import Ai4, missing
from tests.fakes.certificates import Certificate, make_certificate
from tests.fakes.moto_server import MotoServer
from tests.fakes.secrets_manager import StrictSecretsManager
from tests.fakes.upstream import FakeUpstream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

# No timed tests: an example may take as long as a busy machine needs.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@pytest.fixture(scope="session")
def ai4() -> Iterator[Ai4]:
    """The real ai@4 client; tests that ask for it are skipped where it is not installed."""
    if reason := missing():
        pytest.skip(reason)
    with Ai4() as client:
        yield client


@pytest.fixture(scope="session")
def ui() -> Iterator[ui_clients.Ui]:
    """The real ai@5, 6 and 7 clients; tests that ask for them are skipped where they are not installed."""
    if reason := ui_clients.missing():
        pytest.skip(reason)
    with ui_clients.Ui() as clients:
        yield clients


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as fake:
        yield fake


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"), "localhost", "api.example")


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trust `certificate` as an operator would: by SSL_CERT_FILE."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()


@pytest.fixture
async def tls_upstream(certificate: Certificate) -> AsyncGenerator[FakeUpstream, None]:
    async with FakeUpstream(certificate.server_context()) as fake:
        yield fake


@pytest.fixture(scope="session")
def moto_process() -> Iterator[MotoServer]:
    with MotoServer() as server:
        yield server


@pytest.fixture
def moto(moto_process: MotoServer) -> MotoServer:
    """moto without a secret of another test."""
    moto_process.reset()
    return moto_process


@pytest.fixture
async def gate(moto: MotoServer) -> AsyncIterator[StrictSecretsManager]:
    """Secrets Manager as a function sees it."""
    async with StrictSecretsManager(moto) as fake:
        yield fake
