"""User messages: text and files."""

from __future__ import annotations

from chat.settings import Settings
from tests.chat.messages.builders import (
    PNG,
    convert,
    refusal,
    text,
)


def test_text_alone_is_a_string() -> None:
    assert convert({"role": "user", "content": "hi"}) == [{"role": "user", "content": "hi"}]
    assert convert({"role": "user", "content": "hi", "parts": [text("hi")]}) == [
        {"role": "user", "content": "hi"}
    ]
    assert convert({"role": "user", "content": ""}) == [{"role": "user", "content": ""}]


def test_parts_go_before_content() -> None:
    """`parts` is what the page shows; `content` beside it is there for older servers."""
    message = {"role": "user", "content": "old", "parts": [text("a"), {"type": "step-start"}, text("b")]}
    assert convert(message) == [{"role": "user", "content": [text("a"), text("b")]}]


def test_content_counts_where_parts_say_nothing() -> None:
    assert convert({"role": "user", "content": "hi", "parts": []}) == [{"role": "user", "content": "hi"}]
    assert convert({"role": "user", "content": "hi", "parts": None}) == [{"role": "user", "content": "hi"}]


def test_attachments_follow_the_text() -> None:
    message = {
        "role": "user",
        "content": "look",
        "experimental_attachments": [
            {"name": "a.png", "contentType": "image/png", "url": f"data:image/png;base64,{PNG}"},
            {"contentType": "image/png", "url": "https://a.test/b.png"},
            {"name": "n.txt", "contentType": "text/plain", "url": "data:text/plain;base64,bm90ZXM="},
            {"name": "d.pdf", "contentType": "application/pdf", "url": "data:application/pdf;base64,AAAA"},
            {"contentType": "application/pdf", "url": "data:application/pdf;base64,AAAA"},
        ],
    }
    assert convert(message)[0]["content"] == [
        text("look"),
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}},
        text("notes"),
        {"type": "file", "file": {"filename": "d.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
        {"type": "file", "file": {"filename": "part-5.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
    ]


def test_an_attachment_without_words_is_a_message() -> None:
    attachment = {"contentType": "image/png", "url": "https://a.test/b.png"}
    message = {"role": "user", "content": "", "experimental_attachments": [attachment]}
    assert convert(message) == [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.test/b.png"}}]}
    ]


def test_core_and_openai_content_parts() -> None:
    content = [
        text("look"),
        {"type": "image", "image": "https://a.test/b.png"},
        {"type": "image", "image": PNG},
        {"type": "image", "image": PNG, "mimeType": "image/png"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
        {"type": "file", "data": "AAAA", "mimeType": "application/pdf", "filename": "d.pdf"},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "e.pdf"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "hologram"},
    ]
    png = f"data:image/png;base64,{PNG}"
    pdf = "data:application/pdf;base64,AAAA"
    assert convert({"role": "user", "content": content})[0]["content"] == [
        text("look"),
        {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}},
        {"type": "image_url", "image_url": {"url": png}},
        {"type": "image_url", "image_url": {"url": png}},
        {"type": "image_url", "image_url": {"url": png, "detail": "low"}},
        {"type": "file", "file": {"filename": "d.pdf", "file_data": pdf}},
        {"type": "file", "file": {"filename": "e.pdf", "file_data": pdf}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    ]


def test_content_parts_pass_the_same_gate_as_attachments() -> None:
    """Else the allow-lists would be one field name away from being open."""
    strict = Settings.from_environment({"CHAT_ATTACHMENT_TYPES": "image/png"})
    for refused in (
        {"type": "image_url", "image_url": {"url": "http://10.0.0.1/a.png"}},
        {"type": "image", "image": "http://10.0.0.1/a.png"},
        {"type": "image", "image": "R0lGODlh"},
        {"type": "file", "data": "AAAA", "mimeType": "application/pdf"},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    ):
        assert "allowed" in refusal({"role": "user", "content": [refused]}, using=strict)


def test_a_file_of_the_service_s_own_account_cannot_be_named() -> None:
    message = {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}
    assert refusal(message) == "messages[0].content[0].file.file_data must be a string, not null."
