"""Each answer that is no stream, as AWS, the emulators and the function really word them, and what is said of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.smoke.exchange import Exchange
from scripts.smoke.refusal import Answer, explain
from scripts.smoke.target import Kind, Target

FORBIDDEN = (
    '{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: '
    'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}'
)
BY_SIGNATURE = [
    '{"message":"The security token included in the request is invalid."}',
    '{"message":"Signature expired: 20261121T000000Z is now earlier than 20261121T001000Z"}',
    '{"message":"Credential should be scoped to a valid region."}',
    '{"message":"The request signature we calculated does not match the signature you provided."}',
]


def answer(
    status: int,
    body: str | bytes = b"",
    *,
    kind: Kind = Kind.FUNCTION_URL,
    signed: bool = False,
    private: tuple[str, ...] = (),
    **headers: str,
) -> Answer:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    data = body.encode() if isinstance(body, str) else body
    exchange = Exchange(status, "", "HTTP/1.1", pairs, 0.0, 0.1, [(0.1, data)] if data else [])
    return Answer(exchange, Target("https://abc.example/", kind, "lambda", None), signed, private)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            answer(403, FORBIDDEN),
            "sign the request: AUTH=AWS_IAM. If it is public, the function's policy lacks one",
        ),
        (
            answer(403, FORBIDDEN, signed=True),
            "it lacks one of the two grants, lambda:InvokeFunctionUrl",
        ),
        (answer(403, FORBIDDEN), "AWS says: Forbidden. For troubleshooting"),
        *((answer(403, body, signed=True), "The signature is not taken (403)") for body in BY_SIGNATURE),
        (
            answer(403, '{"message":"Missing Authentication Token"}', kind=Kind.API_GATEWAY),
            "API Gateway has nothing at that path and method",
        ),
        (answer(403, '{"message":"Forbidden"}', kind=Kind.API_GATEWAY), "refuses this caller (403)"),
        (answer(404, '{"Message":null}'), "Nothing takes a POST at https://abc.example/ (404)."),
        (answer(405, "Method Not Allowed"), "(405: Method Not Allowed)"),
        (
            answer(
                429,
                '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","message":"Rate Exceeded."}',
            ),
            "Too many requests at once (429: Rate Exceeded.). The function has no free environment: raise reserved",
        ),
        (
            answer(502, "Internal Server Error"),
            "The function failed before its first byte (502: Internal Server Err",
        ),
        (
            answer(500, '{"message":"Internal server error"}', kind=Kind.API_GATEWAY),
            "The function failed before its first byte (500: Internal server error)",
        ),
        (answer(500, "oops"), "Expected a stream; came Internal Server Error, 500: oops"),
        (
            answer(504, '{"message":"Endpoint request timed out"}'),
            "Compare its limit and the function's (config",
        ),
        (answer(599), "Expected a stream; came of an unknown kind, 599"),
        (answer(301, location="https://abc.example/x"), "leads on to https://abc.example/x (301)"),
        (answer(200), "The answer is empty, with status 200."),
        (
            answer(200, "<title>Sign in</title>", content_type="text/html"),
            "Something else than the chat function",
        ),
        (
            answer(200, 'data: {"type":"start"}\n\n', content_type="text/event-stream"),
            "Server-sent events came",
        ),
        (
            answer(200, b'{"statusCode":200,"headers":{},"cookies":[]}' + bytes(8) + b'0:"a"\n'),
            "Set the Function URL's invoke mode to RESPONSE_STREAM",
        ),
        (
            answer(200, '{"errorType":"Runtime.ExitError","errorMessage":"gone"}', kind=Kind.INVOCATION),
            "The function failed: Runtime.ExitError: gone. Its log says why",
        ),
        (
            answer(200, '{"errorType":"Runtime.Unknown"}'),
            "The function failed: Runtime.Unknown: without a word.",
        ),
        (answer(200, '{"success":true,"data":{"text":"a"}}'), "HANDLER=chat.app.handler"),
        (
            answer(400, '{"success":false,"error":"The body is not JSON."}'),
            "refused the question (400): The body",
        ),
        (answer(502, '{"success":false,"error":"Unavailable."}'), "(502): Unavailable. Its log says why"),
        (
            answer(200, '{"success":false,"error":"OpenAI API key not configured"}', kind=Kind.INVOCATION),
            "has no key for its model",
        ),
    ],
)
def test_each_refusal_has_its_sentence(given: Answer, said: str) -> None:
    sentence = explain(given)
    assert said in sentence
    assert "\n" not in sentence


def test_a_refusal_of_its_own_needs_no_log() -> None:
    assert (
        explain(answer(400, '{"success":false,"error":"No."}'))
        == "The function refused the question (400): No."
    )


def test_what_is_private_is_cut_out_of_the_servers_words() -> None:
    body = json.dumps(
        {"message": "credential AKID is expired, said token-1\nThe Canonical String is: token-1"}
    )
    said = explain(answer(403, body, signed=True, private=("AKID", "token-1")))
    assert said.endswith("AWS says: credential … is expired, said …")


bodies = st.binary() | st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(("success", "error", "message", "Message", "errorType", "data")), inner
        )
    ),
).map(lambda value: json.dumps(value).encode())


@given(st.integers(100, 599), bodies, st.sampled_from(Kind), st.booleans())
def test_any_answer_is_explained_on_one_line(status: int, body: bytes, kind: Kind, signed: bool) -> None:  # noqa: FBT001 - drawn
    sentence = explain(answer(status, body, kind=kind, signed=signed))
    assert sentence
    assert sentence.isprintable()
    assert len(sentence) < 1500
