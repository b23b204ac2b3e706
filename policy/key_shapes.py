"""What keys look like, by the forms of those who hand them out.

The stack's settings have the same forms in infra/key_shapes.py. The pack stands alone and imports nothing of what it
checks; tests/policy/test_key_shapes.py compares the two.
"""

from __future__ import annotations

import re
from typing import Final

_SHAPE: Final = re.compile(
    # OpenAI and most who speak its API, Groq, Perplexity, xAI, Cerebras, NVIDIA, Replicate, Hugging Face
    r"\b(sk|csk)-[\w-]{16,}|\bgsk_\w{20,}|\b(pplx|xai)-\w{20,}|\bnvapi-[\w-]{20,}|\br8_\w{30,}|\bhf_\w{30,}"
    # AWS, Google, GitHub, Slack
    r"|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{35}|\bgh[oprsu]_\w{36}|\bgithub_pat_\w{22,}|\bxox[abeoprs]-[\w-]{10,}"
    # A JSON Web Token, PEM, a URL with a password
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s@]*:[^/\s@]*@"
)
# As Azure, Mistral and others write theirs: 128 bits or more and nothing beside them.
_HEXADECIMAL: Final = re.compile(r"(?<![\w-])(?=[0-9]*[A-Fa-f])(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{32,}(?![\w-])")
# Where such digits are no key: in a URL up to its query, in a digest, and as the version behind a model's name.
_ADDRESS: Final = re.compile(r"https?://[^\s?#@]+|\bsha256:[0-9a-f]{64}\b|[\w.-]+/[\w.-]+:[0-9a-f]{64}\b")


def without_addresses(text: str) -> str:
    """A text with what are addresses in it, and not keys, taken out; a URL's query stays."""
    return _ADDRESS.sub(" ", text)


def looks_secret(text: str) -> bool:
    """Whether a key, or a URL with a password, is somewhere in a text."""
    return bool(_SHAPE.search(text) or _HEXADECIMAL.search(without_addresses(text)))
