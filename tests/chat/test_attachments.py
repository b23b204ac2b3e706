"""Files by URL and as base64: what becomes of each type, and what is refused."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.attachments import from_base64, from_url, is_url, with_data_urls_alone
from chat.failures import RequestError
from chat.settings import Settings

OPEN = Settings.from_environment(
    {
        "CHAT_ATTACHMENT_SCHEMES": "http,https,data",
        "CHAT_ATTACHMENT_TYPES": "image/*,text/*,audio/*,application/*",
    }
)
DEFAULT = Settings.from_environment({})


def url(given: str, media_type: str | None = None, using: Settings = OPEN, **more: Any) -> dict[str, Any]:
    return from_url(given, media_type, "file", using, **more)


def refusal(given: str, media_type: str | None = None, using: Settings = OPEN) -> str:
    with pytest.raises(RequestError) as caught:
        url(given, media_type, using)
    assert caught.value.status == 400
    return caught.value.message


@pytest.mark.parametrize(
    ("given", "media_type", "part"),
    [
        (
            "https://a.test/b.png",
            "image/png",
            {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}},
        ),
        *(
            (
                "https://a.test/b.png",
                media_type,
                {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}},
            )
            for media_type in ("image", "Image", "image/*")
        ),
        (
            "HTTPS://a.test/b.png",
            "image/png",
            {"type": "image_url", "image_url": {"url": "HTTPS://a.test/b.png"}},
        ),
        (
            "data:image/png;base64,AAAA",
            "image/png",
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        ),
        *(
            (
                "data:image/png;base64,AAAA",
                media_type,
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            )
            for media_type in ("image", "image/*", "", "IMAGE/PNG")
        ),
        ("data:text/csv;base64,YSxi", "text/csv", {"type": "text", "text": "a,b"}),
        (
            "data:text/plain;charset=utf-8;base64,R3LDvMOfZQ==",
            "text/plain",
            {"type": "text", "text": "Grüße"},
        ),
        ("data:text/plain,Gr%C3%BC%C3%9Fe%20a,b", "text/plain", {"type": "text", "text": "Grüße a,b"}),
        ("data:,plain", None, {"type": "text", "text": "plain"}),
        ("data:text/plain;base64,", "text/plain", {"type": "text", "text": ""}),
        (
            "data:audio/wav;base64,AAAA",
            None,
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        ),
        (
            "data:audio/mpeg;base64,AAAA",
            None,
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        ),
        (
            "data:application/pdf;base64,AAAA",
            "application/pdf",
            {
                "type": "file",
                "file": {"filename": "part-0.pdf", "file_data": "data:application/pdf;base64,AAAA"},
            },
        ),
    ],
)
def test_each_type_has_its_part(given: str, media_type: str | None, part: dict[str, Any]) -> None:
    assert url(given, media_type) == part


def test_a_file_keeps_its_name() -> None:
    assert url("data:application/pdf;base64,AAAA", name="report.pdf")["file"]["filename"] == "report.pdf"
    assert url("data:application/pdf;base64,AAAA", index=3)["file"]["filename"] == "part-3.pdf"


def test_a_data_url_says_its_type_alone() -> None:
    """Browsers give files of unknown type an empty `contentType`."""
    assert url("data:image/png;base64,AAAA", "") == url("data:image/png;base64,AAAA", "image/png")


@pytest.mark.parametrize("claimed", ["image/jpg", "IMAGE/JPEG", "image/jpeg; q=1"])
def test_spellings_of_one_type_agree(claimed: str) -> None:
    assert url("data:image/jpeg;base64,AAAA", claimed)["image_url"]["url"] == "data:image/jpeg;base64,AAAA"


def test_percent_encoded_base64() -> None:
    assert url("data:image/png;base64,AA%2B%2F")["image_url"]["url"] == "data:image/png;base64,AA+/"
    assert url("data:image/png,%00%01")["image_url"]["url"] == "data:image/png;base64,AAE="


@given(st.binary(min_size=1))
def test_any_data_arrives_as_it_was_sent(data: bytes) -> None:
    encoded = base64.b64encode(data).decode()
    for given_url in (f"data:image/png;base64,{encoded}", f"data:image/png,{quote_from_bytes(data)}"):
        _, _, arrived = url(given_url)["image_url"]["url"].partition(",")
        assert binascii.a2b_base64(arrived, strict_mode=True) == data


@pytest.mark.parametrize(
    ("given", "media_type", "sentence"),
    [
        (
            "ftp://a.test/b",
            "image/png",
            "file has a URL of the scheme 'ftp'; allowed schemes: http, https, data.",
        ),
        ("javascript:alert(1)", "image/png", "file has a URL of the scheme 'javascript'"),
        ("file:///etc/passwd", "text/plain", "file has a URL of the scheme 'file'"),
        ("b.png", "image/png", "file has no absolute URL; allowed schemes: http, https, data."),
        ("", "image/png", "file has no absolute URL"),
        ("https://", "image/png", "file has the web address 'https://', but it names no host."),
        (
            "https://[::1/b",
            "image/png",
            "file has the web address 'https://[::1/b', but its host cannot be read",
        ),
        (
            "https://ann:secret@a.test/b.png",
            "image/png",
            "file has the web address 'https://…@a.test/b.png', but it has a user or a password in it",
        ),
        ("https://a.test\\@127.0.0.1/", "image/png", "file has the web address 'https://…@127.0.0.1/', but "),
        ("https://127.0.0.1\\.a.test/", "image/png", "file has the web address "),
        ("https://127.0.0.1%2ea.test/", "image/png", "file has the web address "),
        ("https://a.test/\tb", "image/png", "file has the web address "),
        (
            "http://169.254.169.254/latest/meta-data",
            "image/png",
            "file has a web address whose host, '169.254.169.254', is not one of the public internet. Send it as a ",
        ),
        (
            "https://[::ffff:127.0.0.1]/b",
            "image/png",
            "file has a web address whose host, '::ffff:127.0.0.1', is ",
        ),
        ("https://LOCALHOST:8000/b", "image/png", "file has a web address whose host, 'localhost', is not "),
        ("https://a.test/b", None, "file must say its media type."),
        (
            "https://a.test/b.pdf",
            "application/pdf",
            "file is 'application/pdf' by a web address; only images can be.",
        ),
        ("https://a.test/b", "png", "file has the media type 'png', which is none."),
        ("data:image/png;base64", None, "file has a data URL without a comma and data."),
        (
            "data:image/png;base64,AAAA",
            "image/gif",
            "file says it is 'image/gif', but its data URL says 'image/png'.",
        ),
        ("data:image/png;base64,A", None, "file is not base64: "),
        ("data:image/png;base64,AA AA", None, "file is not base64: "),
        ("data:image/png;base64,AA", None, "file is not base64: "),
        ("data:image/png;base64,ÄÄÄÄ", None, "file is not base64: "),
        ("data:image/png;base64,", None, "file is an empty file."),
        ("data:text/plain;base64,/w==", None, "file is not UTF-8 text: byte 0 fits nowhere."),
        ("data:text/plain;base64,AA==", None, "The text of file has a NUL character (U+0000) at position 0."),
        ("data:video/mp4;base64,AAAA", None, "file is 'video/mp4'; allowed types: image/*, text/*, audio/*,"),
    ],
)
def test_what_is_refused(given: str, media_type: str | None, sentence: str) -> None:
    assert refusal(given, media_type).startswith(sentence)


def test_the_default_settings() -> None:
    """No plain http, no types beyond what chat models read."""
    assert "'http'" in refusal("http://a.test/b.png", "image/png", DEFAULT)
    assert "'image/svg+xml'" in refusal("data:image/svg+xml;base64,AAAA", None, DEFAULT)
    assert url("data:text/markdown;base64,YQ==", None, DEFAULT) == {"type": "text", "text": "a"}


def test_a_long_url_is_not_repeated() -> None:
    assert len(refusal("x" * 10_000 + ":", "image/png")) < 200


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
    ],
)
def test_an_image_of_no_stated_type_is_known_by_its_first_bytes(data: bytes, media_type: str) -> None:
    encoded = base64.b64encode(data).decode()
    part = from_base64(encoded, None, "image", DEFAULT)
    assert part == {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{encoded}"}}


def test_other_data_must_state_its_type() -> None:
    with pytest.raises(RequestError, match="image must say its media type"):
        from_base64("AAAA", None, "image", DEFAULT)


def test_with_data_urls_alone() -> None:
    """What to do is said where it can be done."""
    narrow = with_data_urls_alone(DEFAULT)
    assert refusal("https://a.test/b.png", "image/png", narrow) == (
        "file has a URL of the scheme 'https'; allowed schemes: data. Send it as a data URL."
    )
    assert url("data:image/png;base64,AAAA", None, narrow) == url("data:image/png;base64,AAAA", None, DEFAULT)
    none = with_data_urls_alone(Settings.from_environment({"CHAT_ATTACHMENT_SCHEMES": "https"}))
    assert refusal("https://a.test/b.png", "image/png", none).endswith("allowed schemes: none.")
    assert "'data'" in refusal("data:image/png;base64,AAAA", None, none)


def test_is_url() -> None:
    assert is_url("data:,")
    assert not is_url("AAAA+/==")
