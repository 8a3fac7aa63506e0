"""The YAML that is written says what was meant, to a reader that others wrote."""

from __future__ import annotations

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st
from lapsmith.bind import yaml
from lapsmith.bind.yaml import Noted

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x85\u2028\u2029\ufeff"), max_size=40)
words = st.one_of(
    texts, st.sampled_from(["No", "y", "null", "1e3", "0x1f", "12:30", "-", "a: b", "#", "{x}", "POST /a/{b}"])
)
scalars = st.one_of(words, st.integers(-(10**9), 10**9), st.booleans())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(words, inner, max_size=6)),
    max_leaves=30,
)


@given(st.dictionaries(words, values, max_size=6))
def test_what_is_written_is_read_back(document: dict[str, object]) -> None:
    assert (pyyaml.safe_load(yaml.dump(document, ("operations",))) or {}) == document


@given(st.dictionaries(words, st.dictionaries(words, values, max_size=4), max_size=4))
def test_blocks_are_read_back_and_notes_are_comments(document: dict[str, dict[str, object]]) -> None:
    noted = {
        key: {name: Noted(value, "please check") for name, value in entry.items()} for key, entry in document.items()
    }
    for data in ({"operations": document}, {"operations": noted}):
        written = yaml.dump(data, ("operations",))
        assert pyyaml.safe_load(written) == {"operations": document}


def test_what_is_short_is_on_one_line_and_what_is_long_is_not() -> None:
    entry = {"at": "POST /", "pin": {"in": ["A"], "out": []}, "errors": [f"Exception{number}" for number in range(20)]}
    lines = yaml.dump({"operations": {"Get": entry}}, ("operations",)).splitlines()
    assert lines[2:5] == ["  Get:", "    at: POST /", "    pin: {in: [A], out: []}"]
    assert max(map(len, lines)) <= yaml.WIDTH
    assert len(lines) == 8


def test_only_plain_data_is_written() -> None:
    with pytest.raises(TypeError, match="bytes cannot be written"):
        yaml.dump({"a": b"b"}, ())
