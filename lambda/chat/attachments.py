"""Files that a client sends with a message, as the content parts of OpenAI's chat completions.

Facts, each from `attachmentsToParts` of ai@4.3.19 and the converters of @ai-sdk/openai@1.3.24 to 4.0.118:

- ai@4 names the type `contentType` or `mimeType`, ai@5 and later `mediaType`. ai@7 takes its first half alone, `image`,
  as well. A page reads them both from the browser's `File`, so that they agree with the data URL; the SDK believes the
  latter, here a file that says two things is refused.
- A data URL of an image becomes `image_url`, of `text/*` a text part (the text alone; later converters throw), of WAV
  or MP3 `input_audio`, of anything else `file`; without a name it is called `part-N.pdf`.
- An image by http(s) goes on as its URL, if its host may be public: a server of models inside this network fetches it
  (`chat.public_hosts`). The SDK fetches other files by itself. This service does not: it
  would let a client make it call addresses inside its own network. Such a URL is refused.
- LiteLLM fetches images in this process for providers that take none by URL (Ollama, Bedrock, Anthropic's
  by plain http, …: `convert_url_to_base64` of litellm 1.106). Its models are given data URLs alone.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from msgspec import structs

from chat import fields
from chat.failures import RequestError
from chat.public_hosts import may_be_public
from chat.web_addresses import checked, without_password

if TYPE_CHECKING:
    from chat.settings import Settings

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+*-]+")
_AUDIO_FORMATS = {"audio/wav": "wav", "audio/mp3": "mp3", "audio/mpeg": "mp3"}
# What base64 of the formats' first bytes begins with (`imageMimeTypeSignatures` of ai@4.3.19).
_IMAGE_SIGNATURES = {
    "iVBORw": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
}


def from_url(
    url: str,
    media_type: str | None,
    where: str,
    settings: Settings,
    *,
    name: str | None = None,
    index: int = 0,
) -> dict[str, Any]:
    """The content part of a file given by its URL.

    Args:
        url: http, https or data, as far as the settings allow.
        media_type: what the client says that the file is; a data URL may say it alone.
        where: path for errors.
        settings: allowed schemes and media types.
        name: the file's name, if the client gave one.
        index: the part's place in the message, for the name of a nameless file.

    Raises:
        RequestError: the URL is no URL, not allowed, of another type than claimed, or its data is broken.
    """
    scheme = match[1].lower() if (match := _SCHEME.match(url)) else None
    if scheme not in settings.attachment_schemes:
        allowed = ", ".join(settings.attachment_schemes) or "none"
        given = f"a URL of the scheme {fields.shown(scheme)}" if scheme else "no absolute URL"
        hint = " Send it as a data URL." if scheme in ("http", "https") and "data" in allowed else ""
        raise RequestError(f"{where} has {given}; allowed schemes: {allowed}.{hint}")
    if scheme != "data":
        claimed = "image/*" if media_type and media_type.strip().lower() == "image" else media_type
        return _from_web(url, _essence(claimed, where) if claimed else None, where, settings)
    actual, data = _split_data_url(url, where)
    family = actual.partition("/")[0]
    if media_type and media_type not in (family, f"{family}/*") and _essence(media_type, where) != actual:
        raise RequestError(
            f"{where} says it is {fields.shown(media_type)}, but its data URL says {fields.shown(actual)}."
        )
    return from_base64(data, actual, where, settings, name=name, index=index)


def from_base64(
    data: str,
    media_type: str | None,
    where: str,
    settings: Settings,
    *,
    name: str | None = None,
    index: int = 0,
) -> dict[str, Any]:
    """The content part of a file given as base64; an image's type is read from its data where none is given.

    Raises:
        RequestError: the data is not base64, empty, of unknown or refused type, or text that is not UTF-8.
    """
    essence = _essence(media_type, where) if media_type else _image_type(data, where)
    _check_allowed(essence, where, settings)
    try:
        raw = binascii.a2b_base64(data, strict_mode=True)
    except ValueError as error:
        raise RequestError(f"{where} is not base64: {error}.") from None
    if essence.startswith("text/"):
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise RequestError(f"{where} is not UTF-8 text: byte {error.start} fits nowhere.") from None
        return {"type": "text", "text": fields.text(text, f"The text of {where}")}
    if not raw:
        raise RequestError(f"{where} is an empty file.")
    url = f"data:{essence};base64,{data}"
    if essence.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": url}}
    if audio := _AUDIO_FORMATS.get(essence):
        return {"type": "input_audio", "input_audio": {"data": data, "format": audio}}
    extension = essence.partition("/")[2].partition("+")[0]
    return {"type": "file", "file": {"filename": name or f"part-{index}.{extension}", "file_data": url}}


def with_data_urls_alone(settings: Settings) -> Settings:
    """The settings by which files are read whose web addresses would be fetched in this process."""
    allowed = tuple(scheme for scheme in settings.attachment_schemes if scheme == "data")
    return structs.replace(settings, attachment_schemes=allowed)


def is_url(source: str) -> bool:
    """Whether a string that may be a URL or base64 is a URL: base64 has no colon."""
    return ":" in source


def _from_web(url: str, media_type: str | None, where: str, settings: Settings) -> dict[str, Any]:
    try:
        host = checked(url).hostname or ""
    except ValueError as error:
        raise RequestError(
            f"{where} has the web address {fields.shown(without_password(url))}, but {error}."
        ) from None
    if not may_be_public(host):
        raise RequestError(
            f"{where} has a web address whose host, {fields.shown(host)}, is not one of the public internet. "
            "Send it as a data URL."
        )
    if media_type is None:
        raise RequestError(f"{where} must say its media type.")
    _check_allowed(media_type, where, settings)
    if not media_type.startswith("image/"):
        raise RequestError(
            f"{where} is {fields.shown(media_type)} by a web address; only images can be. Send it as a data URL."
        )
    return {"type": "image_url", "image_url": {"url": url}}


def _split_data_url(url: str, where: str) -> tuple[str, str]:
    """Media type and base64 of a data URL (RFC 2397); percent-encoded data becomes base64."""
    header, comma, data = url.partition(",")
    if not comma:
        raise RequestError(f"{where} has a data URL without a comma and data.")
    media_type, *parameters = header[len("data:") :].split(";")
    # RFC 2397: text/plain is what a data URL is that does not say.
    essence = _essence(media_type or "text/plain", where)
    raw = unquote_to_bytes(data) if "%" in data else None
    if any(parameter.strip().lower() == "base64" for parameter in parameters):
        return essence, data if raw is None else raw.decode("latin-1")
    return essence, binascii.b2a_base64(data.encode() if raw is None else raw, newline=False).decode()


def _essence(media_type: str, where: str) -> str:
    """A media type without its parameters, in lower case, `image/jpg` under its registered name."""
    essence = media_type.partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(essence):
        raise RequestError(f"{where} has the media type {fields.shown(media_type)}, which is none.")
    return "image/jpeg" if essence == "image/jpg" else essence


def _image_type(data: str, where: str) -> str:
    for signature, media_type in _IMAGE_SIGNATURES.items():
        if data.startswith(signature):
            return media_type
    raise RequestError(f"{where} must say its media type.")


def _check_allowed(media_type: str, where: str, settings: Settings) -> None:
    family = media_type.partition("/")[0]
    if not {media_type, f"{family}/*", "*/*"} & set(settings.attachment_types):
        allowed = ", ".join(settings.attachment_types) or "none"
        raise RequestError(f"{where} is {fields.shown(media_type)}; allowed types: {allowed}.")
