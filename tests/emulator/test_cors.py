"""What a page of another origin may read, by the headers that AWS was seen to send, and by a real preflight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.cors import Cors, RefusedOrigins

if TYPE_CHECKING:
    from tests.emulator.conftest import Control, StartEmulator

PAGE = "https://localhost:8080"
# The settings of the capture that `cors.py` cites, and those that it has not.
CAPTURED = Cors(
    allow_origins=(PAGE,),
    allow_methods=("GET", "POST"),
    allow_headers=("authorization", "content-type", "x-books-authorization"),
    allow_credentials=True,
)
FULL = Cors(
    allow_origins=("http://localhost:5173", PAGE),
    expose_headers=("x-a", "date"),
    max_age=300,
    allow_methods=("*",),
)
PREFLIGHT = {
    "origin": PAGE,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "x-other",
}


async def test_a_preflight_is_answered_as_aws_was_seen_to(start_emulator: StartEmulator) -> None:
    """All of the settings, whatever was asked for, and the function does not run."""
    async with start_emulator(cors=CAPTURED) as emulator:
        response = await emulator.client.options(f"{emulator.url}/a", headers=PREFLIGHT)
        assert (response.status_code, response.content) == (200, b"")
        headers = dict(response.headers)
        assert headers.pop("date")
        assert headers.pop("x-amzn-requestid")
        assert headers == {
            "content-type": "application/json",
            "content-length": "0",
            "vary": "Origin",
            "access-control-allow-origin": PAGE,
            "access-control-allow-headers": "authorization,content-type,x-books-authorization",
            "access-control-allow-methods": "GET,POST",
            "access-control-allow-credentials": "true",
        }
        assert not emulator.lines.having("START")


async def test_without_settings_options_is_the_function_s(start_emulator: StartEmulator) -> None:
    async with start_emulator() as emulator:
        response = await emulator.client.options(f"{emulator.url}/a", headers=PREFLIGHT)
        assert response.json()["requestContext"]["http"]["method"] == "OPTIONS"
        assert response.json()["headers"]["origin"] == PAGE
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ((PAGE,), PAGE, True),
        (("http://localhost:5173", PAGE), PAGE, True),
        (("*",), PAGE, True),
        ((PAGE,), "https://localhost", False),
        ((PAGE,), "https://localhost:8080/", False),
        ((PAGE,), "HTTPS://localhost:8080", False),
        (("https://*",), PAGE, False),
        ((PAGE,), "null", False),
        (("*",), "null", True),
    ],
)
def test_who_is_allowed(origins: tuple[str, ...], origin: str, *, allowed: bool) -> None:
    """The origin that asked is named, even where all are allowed; of another one nothing is said."""
    cors = Cors(allow_origins=origins, allow_methods=("POST",), expose_headers=("x-a",))
    for headers in (dict(cors.preflight(origin)), dict(cors.answer(origin))):
        assert headers.pop(b"vary") == b"Origin"
        assert headers.get(b"access-control-allow-origin") == (origin.encode() if allowed else None)
        assert bool(headers) is allowed


def test_what_a_preflight_says_and_what_other_answers_say() -> None:
    assert dict(FULL.preflight(PAGE)) == {
        b"vary": b"Origin",
        b"access-control-allow-origin": PAGE.encode(),
        b"access-control-allow-methods": b"*",
        b"access-control-max-age": b"300",
    }
    assert dict(FULL.answer(PAGE)) == {
        b"vary": b"Origin",
        b"access-control-allow-origin": PAGE.encode(),
        b"access-control-expose-headers": b"x-a,date",
    }


def test_a_request_without_origin_is_told_nothing() -> None:
    assert (FULL.preflight(None), FULL.answer(None)) == ([], [])


async def test_a_page_reads_a_stream_and_what_goes_wrong(
    start_emulator: StartEmulator, control: Control
) -> None:
    """The platform's own errors have the headers as well: a 502, a 413, a 429."""
    headers = {"origin": PAGE}
    async with start_emulator(cors=CAPTURED, concurrency=1) as emulator:
        client, url = emulator.client, emulator.url
        failed = await client.get(f"{url}/error", headers=headers)
        assert failed.status_code == 502
        large = await client.post(f"{url}/", content=b"x" * (6 * 1024 * 1024), headers=headers)
        assert large.status_code == 413
        async with client.stream("GET", f"{url}/gated", headers=headers) as stream:
            line = await control.arrival()
            busy = await client.get(f"{url}/raw", headers=headers)
            assert busy.status_code == 429
            await line.release()
            await stream.aread()
        for response in (failed, large, busy, stream):
            assert response.headers["access-control-allow-origin"] == PAGE
            assert response.headers["access-control-allow-credentials"] == "true"
            assert "access-control-allow-methods" not in response.headers


async def test_an_origin_that_is_not_allowed_runs_the_function_and_is_told_nothing(
    start_emulator: StartEmulator,
) -> None:
    """It is the browser that keeps the answer from the page."""
    async with start_emulator(cors=CAPTURED) as emulator:
        response = await emulator.client.get(
            f"{emulator.url}/raw", headers={"origin": "https://evil.example"}
        )
        assert response.text == "first second"
        assert not [name for name in response.headers if name.startswith("access-control-")]


async def test_a_refused_preflight_is_in_the_log_once_an_origin(start_emulator: StartEmulator) -> None:
    """The page sees "Failed to fetch" alone. A request without a preflight is no refusal."""
    async with start_emulator(cors=CAPTURED) as emulator:
        for origin in ("http://localhost:5174", "http://localhost:5174", "http://127.0.0.1:8080", PAGE):
            await emulator.client.options(f"{emulator.url}/raw", headers={"origin": origin})
        await emulator.client.options(f"{emulator.url}/raw")
        await emulator.client.get(f"{emulator.url}/raw", headers={"origin": "http://localhost:3000"})
        told = emulator.lines.having("Preflight")
        assert [line.partition(": not ")[0] for line in told] == [
            "Preflight from http://localhost:5174",
            "Preflight from http://127.0.0.1:8080",
        ]
        assert f"not among the allowed origins ({PAGE})" in told[0]
        assert "CORS_ORIGIN=http://localhost:5174 make dev" in told[0]


@pytest.mark.parametrize("origin", ["null", "capacitor://localhost", "http://x';touch y"])
def test_no_command_names_an_origin_that_no_settings_can_name(origin: str) -> None:
    told: list[str] = []
    RefusedOrigins(CAPTURED, told.append).preflight(origin)
    assert f"CORS_ORIGIN={origin}" not in told[0]
    assert "CORS_ORIGIN='*'" in told[0]


def test_a_program_of_ever_new_origins_does_not_fill_the_log() -> None:
    told: list[str] = []
    refused = RefusedOrigins(CAPTURED, told.append)
    for number in range(1000):
        refused.preflight(f"http://localhost:{number}")
    assert len(told) == 50


async def test_a_function_that_writes_its_own_has_them_twice(start_emulator: StartEmulator) -> None:
    """As on AWS, and browsers refuse it: better seen here."""
    async with start_emulator(cors=CAPTURED) as emulator:
        response = await emulator.client.get(f"{emulator.url}/own-cors", headers={"origin": PAGE})
        assert response.headers.get_list("access-control-allow-origin") == ["*", PAGE]
