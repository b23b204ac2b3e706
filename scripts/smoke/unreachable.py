"""Why not even a status came back, and what to do: one sentence for each cause (httpx's errors and theirs)."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.smoke.target import Target


def silence(target: Target, patience: float, *, connected: bool) -> str:
    """The sentence for a request that was waited for in vain, for `patience` seconds."""
    if not connected:
        return (
            f"{target.host} did not take the connection within {patience:g} s. Check the address and the way to it "
            "(firewall, VPN, proxy)."
        )
    return (
        f"{target.host} took the request and sent nothing for {patience:g} s, not even a status. The function's log "
        "says what it waited for (on AWS: make logs); TIMEOUT=… waits longer."
    )


def reason(target: Target, error: Exception, *, connected: bool) -> str:
    """The sentence for a request that failed before its answer began; `connected`: a connection had been made."""
    host, causes = target.host, list(_causes(error))
    kinds = tuple(type(cause) for cause in causes)
    untrusted = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)

    def is_a(kind: type[BaseException]) -> bool:
        return any(issubclass(found, kind) for found in kinds)

    if isinstance(error, httpx.ProxyError):
        return f"The proxy of this environment (HTTPS_PROXY, ALL_PROXY) did not lead to {host}: {error}."
    if untrusted is not None:
        said = (
            f"The certificate of {host} is not trusted: {untrusted.verify_message}. Behind a proxy that opens TLS, "
            "name its authority: SSL_CERT_FILE=…"
        )
    elif is_a(ssl.SSLError):
        said = f"{host} does not speak TLS on that port as it should. Is it http:// rather than https://?"
    elif is_a(socket.gaierror):
        said = f"There is no host {host}, or its name cannot be resolved here. Check ENDPOINT for a slip, and DNS."
    elif is_a(ConnectionRefusedError):
        said = f"Nothing listens at {target}: the connection was refused. " + (
            "Start what should listen there; our emulator: .venv/bin/python -m emulator"
            if target.is_local
            else "Check the address and its port."
        )
    elif connected:
        said = f"{host} closed the connection before it answered. " + (
            "Is it https:// rather than http://?"
            if target.url.startswith("http:")
            else "Its log may say why."
        )
    else:
        said = f"{target} could not be reached: {str(error) or type(error).__name__}."
    return said


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that led to it."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop()
        if cause is None:
            continue
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            waiting.extend(cause.exceptions)
        waiting.append(cause.__cause__ or cause.__context__)
