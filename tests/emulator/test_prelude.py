from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.prelude import Prelude, PreludeError, PreludeReader

_TOKENS = st.from_regex(r"[A-Za-z0-9-]{1,20}", fullmatch=True)
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
_PRELUDES = st.fixed_dictionaries(
    {
        "statusCode": st.integers(200, 599),
        "headers": st.dictionaries(_TOKENS, _VALUES, max_size=5),
        "cookies": st.lists(_VALUES, max_size=3),
        "multiValueHeaders": st.dictionaries(_TOKENS, st.lists(_VALUES, max_size=3), max_size=2),
    }
)


def read(pieces: list[bytes]) -> tuple[Prelude | None, bytes]:
    reader = PreludeReader()
    payload = b"".join(reader.feed(piece) for piece in pieces)
    return reader.prelude, payload


@given(_PRELUDES, st.binary(max_size=50), st.data())
def test_any_split_gives_what_the_whole_gives(
    prelude: dict[str, object], payload: bytes, data: st.DataObject
) -> None:
    whole = json.dumps(prelude).encode() + b"\0" * 8 + payload
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=12)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    assert read(pieces) == read([whole])
    head, rest = read([whole])
    assert head is not None
    assert head.cookies == tuple(prelude["cookies"])  # type: ignore[arg-type]  # drawn as a list
    assert (head.status, head.headers) == (prelude["statusCode"], prelude["headers"])
    assert head.multi_value_headers == prelude["multiValueHeaders"]
    assert rest == payload


@given(st.binary(max_size=50))
def test_byte_by_byte_equals_the_whole(payload: bytes) -> None:
    whole = b'{"statusCode":204}' + b"\0" * 8 + payload
    assert read([whole[at : at + 1] for at in range(len(whole))]) == read([whole])


def test_nuls_after_the_eighth_are_payload() -> None:
    assert read([b"{}" + b"\0" * 11]) == (Prelude(), b"\0\0\0")


def test_what_is_left_out_has_defaults() -> None:
    assert Prelude.from_json(b"{}") == Prelude(200, {}, ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 10_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"statusCode":"200"}', "statusCode is '200'"),
        (b'{"statusCode":true}', "statusCode is True"),
        (b'{"statusCode":99}', "from 200 to 599"),
        (b'{"headers":["a"]}', "headers is"),
        (b'{"headers":{"a":1}}', "values are strings"),
        (b'{"headers":{"a b":"1"}}', "cannot be sent"),
        (b'{"headers":{"a":"1\\r\\nb: 2"}}', "cannot be sent"),
        (b'{"cookies":"a=b"}', "cookies is"),
        (b'{"cookies":["a\\nb"]}', "cannot be sent"),
        (b'{"multiValueHeaders":{"a":"1"}}', "multiValueHeaders is"),
        (b'{"multiValueHeaders":{"a":[1]}}', "multiValueHeaders is"),
        (b'{"multiValueHeaders":["a"]}', "multiValueHeaders is"),
        (b'{"multiValueHeaders":{"a":["\\n"]}}', "cannot be sent"),
    ],
)
def test_a_malformed_prelude_says_what_is_wrong(text: bytes, says: str) -> None:
    with pytest.raises(PreludeError, match=says):
        read([text + b"\0" * 8])


def test_a_prelude_without_end_is_refused_at_16_kb() -> None:
    reader = PreludeReader()
    for _ in range(16):
        assert reader.feed(b" " * 1024) == b""
    with pytest.raises(PreludeError, match="16 KB"):
        reader.feed(b" " * 1024)
