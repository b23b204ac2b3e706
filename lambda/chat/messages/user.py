"""User messages: text and files, in the forms of ai@4, of the SDK's core messages, and of OpenAI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat import fields
from chat.attachments import from_base64, from_url, is_url
from chat.messages.content import Message, text_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chat.settings import Settings


def user_content(message: Message, where: str, settings: Settings) -> str | list[dict[str, Any]]:
    """A string where there is one text and nothing else, parts otherwise (as @ai-sdk/openai does)."""
    parts = _user_parts(message, where, settings)
    attachments = message.get("experimental_attachments")
    for index, attachment in enumerate(
        fields.array([] if attachments is None else attachments, f"{where}.experimental_attachments")
    ):
        place = f"{where}.experimental_attachments[{index}]"
        attached = fields.mapping(attachment, place)
        parts.append(
            from_url(
                fields.text(attached.get("url"), f"{place}.url"),
                fields.optional_text(attached.get("contentType"), f"{place}.contentType"),
                place,
                settings,
                name=fields.optional_text(attached.get("name"), f"{place}.name"),
                index=len(parts),
            )
        )
    return plain_content([part for part in parts if part != {"type": "text", "text": ""}])


def plain_content(parts: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """Content parts as the API is given them: one text alone, or none, as a string."""
    if not parts:
        return ""
    if len(parts) == 1 and parts[0]["type"] == "text":
        return str(parts[0]["text"])
    return parts


def _user_parts(message: Message, where: str, settings: Settings) -> list[dict[str, Any]]:
    if texts := text_parts(message.get("parts"), f"{where}.parts"):
        return [{"type": "text", "text": text} for text in texts]
    content = message.get("content")
    if isinstance(content, list):
        return list(_content_parts(content, f"{where}.content", settings))
    if content is None and message.get("parts") is not None:
        return []
    return [{"type": "text", "text": fields.text(content, f"{where}.content")}]


def _content_parts(content: list[Any], where: str, settings: Settings) -> Iterator[dict[str, Any]]:
    """Parts of a core message (`text`, `image`, `file`) or of OpenAI's (`image_url`, `file`, `input_audio`)."""
    for index, item in enumerate(content):
        place = f"{where}[{index}]"
        part = fields.mapping(item, place)
        match part.get("type"):
            case "text":
                yield {"type": "text", "text": fields.text(part.get("text"), f"{place}.text")}
            case "image":
                yield _image(part.get("image"), part.get("mimeType"), f"{place}.image", settings)
            case "image_url":
                image = fields.mapping(part.get("image_url"), f"{place}.image_url")
                made = _image(image.get("url"), None, f"{place}.image_url", settings)
                if image.get("detail") in ("low", "high", "auto") and "image_url" in made:
                    made["image_url"]["detail"] = image["detail"]
                yield made
            case "file":
                yield _file(part, place, settings, index)
            case "input_audio":
                audio = fields.mapping(part.get("input_audio"), f"{place}.input_audio")
                data = fields.text(audio.get("data"), f"{place}.input_audio.data")
                audio_format = fields.text(audio.get("format"), f"{place}.input_audio.format")
                yield from_base64(data, f"audio/{audio_format}", f"{place}.input_audio", settings)


def _image(value: Any, media_type: Any, where: str, settings: Settings) -> dict[str, Any]:
    source = fields.text(value, where)
    claimed = fields.optional_text(media_type, f"{where}.mimeType")
    if not is_url(source):
        return from_base64(source, claimed, where, settings)
    if claimed is None and not source[:5].lower().startswith("data:"):
        # Nobody says of what type an image elsewhere is: it is accepted where any image is.
        claimed = next((t for t in settings.attachment_types if t.startswith("image/")), "image/*")
    return from_url(source, claimed, where, settings)


def _file(part: dict[str, Any], where: str, settings: Settings, index: int) -> dict[str, Any]:
    if "file" in part:  # OpenAI's form; a `file_id` would name a file of this service's account
        file = fields.mapping(part["file"], f"{where}.file")
        source, name = fields.text(file.get("file_data"), f"{where}.file.file_data"), file.get("filename")
        media_type = None
    else:
        source, name = fields.text(part.get("data"), f"{where}.data"), part.get("filename")
        media_type = fields.optional_text(part.get("mimeType"), f"{where}.mimeType")
    convert = from_url if is_url(source) else from_base64
    return convert(
        source, media_type, where, settings, name=fields.optional_text(name, f"{where}.filename"), index=index
    )
