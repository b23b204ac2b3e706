"""Prices: what a second source on this machine says of them too."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from scripts.costs import prices


def _all_prices() -> list[prices.Price]:
    found: list[prices.Price] = []
    for value in vars(prices).values():
        found += [
            each
            for each in (value.values() if isinstance(value, dict) else [value])
            if isinstance(each, prices.Price)
        ]
    return found


def test_the_tokens_cost_what_litellm_bills_them_with() -> None:
    spec = importlib.util.find_spec("litellm")
    assert spec is not None
    assert spec.origin is not None
    # Its own file, not its import, which would ask the network.
    known = json.loads((Path(spec.origin).parent / "model_prices_and_context_window_backup.json").read_text())
    model = known[prices.MODEL]
    assert prices.TOKEN_IN.amount == pytest.approx(model["input_cost_per_token"])
    assert prices.TOKEN_OUT.amount == pytest.approx(model["output_cost_per_token"])
    assert model["max_input_tokens"] == prices.MODEL_CONTEXT


def test_arm_costs_a_fifth_less_as_the_settings_say() -> None:
    for each in (prices.DURATION, prices.PROVISIONED):
        assert each["arm64"].amount == pytest.approx(0.8 * each["x86_64"].amount, rel=1e-3)


def test_each_price_says_where_and_when_it_was_read() -> None:
    for price in _all_prices():
        assert price.amount > 0
        assert price.page.startswith("https://")
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", price.as_of)
