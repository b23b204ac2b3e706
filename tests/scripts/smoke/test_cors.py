"""The judge of CORS against what the Fetch standard lets a browser accept."""

from __future__ import annotations

import pytest

from scripts.smoke.cors import Complaint, judge_answer, judge_preflight, preflight_headers
from scripts.smoke.exchange import Exchange

PAGE = "https://chat.example.com"
GOOD = (
    ("access-control-allow-origin", PAGE),
    ("access-control-allow-methods", "POST"),
    ("access-control-allow-headers", "content-type,cache-control"),
    ("access-control-max-age", "86400"),
)


def exchange(*headers: tuple[str, str], status: int = 200) -> Exchange:
    return Exchange(status, "", "HTTP/1.1", list(headers), 0.0, 0.1)


def without(name: str, *instead: tuple[str, str]) -> Exchange:
    return exchange(*(pair for pair in GOOD if pair[0] != name), *instead)


def test_what_a_browser_sends_before_usechats_post() -> None:
    assert preflight_headers(PAGE) == {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }


@pytest.mark.parametrize(
    "answer",
    [
        exchange(*GOOD),
        exchange(*GOOD, status=204),
        without("access-control-allow-origin", ("access-control-allow-origin", "*")),
        without("access-control-allow-headers", ("access-control-allow-headers", "*")),
        without("access-control-allow-headers", ("access-control-allow-headers", "X-A, Content-Type")),
        without("access-control-allow-methods", ("access-control-allow-methods", "*")),
        without(
            "access-control-allow-methods",
            ("access-control-allow-methods", "GET"),
            ("access-control-allow-methods", "POST"),
        ),
    ],
)
def test_nothing_is_wrong(answer: Exchange) -> None:
    assert judge_preflight(answer, PAGE) == []
    assert judge_answer(answer, PAGE) == []


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (exchange(*GOOD, status=403), "corsAllowOrigins"),
        (exchange(*GOOD, status=301), "corsAllowOrigins"),
        (exchange(), "corsAllowOrigins"),
        (without("access-control-allow-origin"), "corsAllowOrigins"),
        (
            without("access-control-allow-origin", ("access-control-allow-origin", PAGE + "/")),
            "corsAllowOrigins",
        ),
        (
            without("access-control-allow-origin", ("access-control-allow-origin", PAGE.upper())),
            "corsAllowOrigins",
        ),
        (exchange(*GOOD, ("access-control-allow-origin", PAGE)), "2 times"),
        (without("access-control-allow-origin", ("access-control-allow-origin", f"{PAGE}, *")), "2 times"),
        (without("access-control-allow-headers"), "corsAllowHeaders"),
        (
            without("access-control-allow-headers", ("access-control-allow-headers", "x-a")),
            "corsAllowHeaders",
        ),
    ],
)
def test_a_browser_would_refuse(answer: Exchange, key: str) -> None:
    (complaint,) = judge_preflight(answer, PAGE)
    assert complaint.breaks
    assert key in complaint.text


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (without("access-control-allow-methods"), "corsAllowMethods"),
        (
            without("access-control-allow-methods", ("access-control-allow-methods", "GET,PUT")),
            "corsAllowMethods",
        ),
        (without("access-control-max-age"), "corsMaxAge"),
        (without("access-control-max-age", ("access-control-max-age", "0")), "corsMaxAge"),
        (without("access-control-max-age", ("access-control-max-age", "-1")), "corsMaxAge"),
    ],
)
def test_a_browser_would_accept_and_it_could_be_better(answer: Exchange, key: str) -> None:
    """POST is a safelisted method: it needs no mention."""
    (complaint,) = judge_preflight(answer, PAGE)
    assert not complaint.breaks
    assert key in complaint.text


def test_the_answer_itself_needs_the_origin_once() -> None:
    assert judge_answer(exchange(), PAGE) == [
        Complaint(
            f"The answer has no Access-Control-Allow-Origin: {PAGE} is not allowed. Add it to corsAllowOrigins "
            "(make deploy)."
        )
    ]
    (twice,) = judge_answer(exchange(GOOD[0], GOOD[0]), PAGE)
    assert "2 times, which browsers refuse" in twice.text


@pytest.mark.parametrize(
    "answer",
    [exchange(status=405), exchange(), exchange(("access-control-allow-origin", "http://localhost:3000"))],
)
def test_on_this_machine_nothing_is_deployed(answer: Exchange) -> None:
    """What is to be done there is a variable of `make dev` or an option of the emulator."""
    for judged in (judge_preflight(answer, PAGE, local=True), judge_answer(answer, PAGE, local=True)):
        (complaint,) = judged
        assert complaint.breaks
        assert f"CORS_ORIGIN={PAGE} make dev" in complaint.text
        assert f"--cors-origin {PAGE}" in complaint.text
        assert "Pulumi.dev.yaml" in complaint.text
        assert "make deploy" not in complaint.text
    for judged in (judge_preflight(answer, PAGE), judge_answer(answer, PAGE)):
        assert "make deploy" in judged[0].text
        assert "make dev" not in judged[0].text
