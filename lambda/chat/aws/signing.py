"""AWS Signature Version 4 of a POST, as a function from what is sent to the headers that prove who sent it.

Facts that the code rests on (AWS IAM user guide, "Create a signed AWS API request"):
- A service other than S3 sees the path normalized (RFC 3986, 5.2.4, without doubled slashes) and percent-encoded
  once more than it is sent.
- Values of headers count without blanks around them and with one blank for several within.
- A session token is a header like the others, and signed like them.
- A signature counts for five minutes, so each try is signed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chat.aws.credentials import Credentials

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


def signed_headers(
    credentials: Credentials,
    *,
    service: str,
    region: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    now: float,
) -> dict[str, str]:
    """The headers to send beside `headers`: X-Amz-Date, Authorization and, with temporary credentials, their token.

    Args:
        credentials: Of whoever asks.
        service: The name that the service signs under, such as `secretsmanager`.
        region: The region that is asked.
        path: Of the request line, percent-encoded as it is sent. A query is not covered.
        headers: All that is signed: `Host` as it is sent, and whatever else must not be changed on the way.
        body: As it is sent.
        now: Seconds since the epoch.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    added = {"X-Amz-Date": stamp}
    if credentials.session_token:
        added["X-Amz-Security-Token"] = credentials.session_token
    canonical, names = canonical_request(path, {**headers, **added}, body)
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{_hash(canonical.encode())}"
    key = f"AWS4{credentials.secret_access_key}".encode()
    for piece in scope.split("/"):
        key = _mac(key, piece)
    added["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={names}, Signature={_mac(key, to_sign).hex()}"
    )
    return added


def canonical_request(path: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """A POST in the form that both sides hash, and the names of the headers in it, joined by semicolons."""
    values = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    names = sorted(values)
    signed = ";".join(names)
    lines = [
        "POST",
        quote(_normalized(path), safe="/~"),
        "",  # no query
        *(f"{name}:{values[name]}" for name in names),
        "",
        signed,
        _hash(body),
    ]
    return "\n".join(lines), signed


def _normalized(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
