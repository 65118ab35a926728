"""Errors say what people look for when they meet them: the key words of torch's messages."""

import json
from pathlib import Path

import pytest

import minitorch
from tests.parity import evaluate
from tests.parity_corner_cases import MESSAGES

RECORDED = json.loads((Path(__file__).parent / "data" / "ops_messages.json").read_text())


@pytest.mark.parametrize("code, words", MESSAGES)
def test_an_error_has_the_words_that_torchs_has(code: str, words: str) -> None:
    assert words in RECORDED[code]["message"]
    found = evaluate(minitorch, code)
    assert found["raises"] == RECORDED[code]["raises"]
    assert words in found["message"]
