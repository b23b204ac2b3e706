"""A stand-in for a model: an OpenAI-compatible server that needs no key, no network, and no GPU.

`python -m emulator.stand_in_model` serves `POST /v1/chat/completions` (streamed and whole) and `GET /v1/models`.
It answers every model name with a text that says what it is. Any API key is good; none is 401.

Failures to try, as the model's name or as a message that is the name after a slash (`/error-429`):

| name | what happens |
|---|---|
| `error-401` | the key is refused |
| `error-404` | the model does not exist |
| `error-429` | rate limited, with `Retry-After: 1` |
| `error-quota` | the account's quota is used up (429 as well) |
| `error-500` | the provider fails |
| `error-context` | the conversation is too long (400) |
| `content-filter` | the answer ends with finish reason `content_filter` |
| `length` | the answer ends after 20 tokens with finish reason `length` |
| `cut` | the connection breaks off in the middle of the answer |
| `slow` | five seconds pass before each token |
| `silent` | the headers come and then nothing more |

Answers that hold what a page must be able to show, in the same two ways (`/markdown`):

| name | what the answer holds |
|---|---|
| `markdown` | headings, lists, a table, code, a link, a quotation |
| `reasoning` | reasoning before the text (`reasoning_content`, as DeepSeek, vLLM and others stream it) |
| `sources` | citations of web pages (`annotations`, as OpenAI's search models give them) |
| `image` | a small PNG (`images`, as OpenRouter gives generated ones) |
| `long` | twelve paragraphs, more than seven hundred tokens |

Tools: when the request declares tools and the last message is the user's, each tool is called whose name shares a
word with the message ("weather" calls `get_weather`), or that `tool_choice` demands. Arguments are made from the
tool's JSON Schema, strings from the message. After the tool's result the answer quotes it.

Shapes: OpenAI API reference, "Chat completions" (object and chunk object), "Error codes"; checked in the tests with
the openai SDK.
"""

from emulator.stand_in_model.server import stand_in_model

__all__ = ["stand_in_model"]
