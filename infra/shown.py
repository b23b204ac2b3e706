"""What a sentence shows of a configured value: nothing that may be a key, for previews end up in the logs of CI."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from infra.key_shapes import looks_secret

_LONGEST: Final = 200
# Long, and of letters and digits: as keys are that have no form of their own, and hardly any word.
_RUN: Final = re.compile(r"(?<!sha256:)(?<![A-Za-z0-9])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}")
_USER: Final = re.compile(r'[^\s"@]*:[^\s"]*@(?!sha256:)')
_QUERY: Final = re.compile(r'[?#][^\s"]*')


def may_be_key(text: str) -> bool:
    """Whether a text has something in it that is a key by its form, or by its length and mixture."""
    return bool(looks_secret(text) or _RUN.search(text))


def shown(value: Any) -> str:
    """A value as JSON of at most 200 characters, without an address's user and query; or that it may be a key."""
    text = json.dumps(value, ensure_ascii=False)
    if may_be_key(text):
        return "what looks like a key (not shown)"
    has_address = "://" in text
    text = _USER.sub("…@", text)
    if has_address:
        text = _QUERY.sub("?…", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
