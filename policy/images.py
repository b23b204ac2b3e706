"""The image: exactly the one that was meant, from a repository in which nothing changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.seen import given, several

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY: Final = "aws:ecr/repository:Repository"
_BY_DIGEST: Final = re.compile(r"[^:@]+@sha256:[0-9a-f]{64}")


def pinned(properties: Mapping[str, Any]) -> Iterator[str]:
    """A function's image is named by its digest."""
    uri = given(properties.get("imageUri"))
    if uri is not None and not _BY_DIGEST.fullmatch(uri):
        yield f"imageUri is {uri!r}, which is not one image for ever: name it by its digest, REPOSITORY@sha256:…."


def immutable(properties: Mapping[str, Any]) -> Iterator[str]:
    """A tag never comes to mean another image."""
    if given(properties.get("imageTagMutability")) != "IMMUTABLE":
        yield "Tags can be moved to other images: set image_tag_mutability to IMMUTABLE."


def scanned(properties: Mapping[str, Any]) -> Iterator[str]:
    """Every image is scanned for known vulnerabilities."""
    if not (given(properties.get("imageScanningConfiguration")) or {}).get("scanOnPush"):
        yield "Images are not scanned: set image_scanning_configuration to scan_on_push."


def encrypted(properties: Mapping[str, Any]) -> Iterator[str]:
    """How images are encrypted is said, not left to a default."""
    kinds = {
        each.get("encryptionType") for each in several(given(properties.get("encryptionConfigurations")))
    }
    if not kinds or not kinds <= {"AES256", "KMS", "KMS_DSSE"}:
        yield "Nothing says how images are encrypted: set encryption_configurations to AES256 or KMS."
