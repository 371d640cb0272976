"""Figures are said as people say them."""

import pytest

from calotype.web.words import count_of, size_in_words, ticked


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (20_480, "20 kB"),
        (999_600, "1.0 MB"), (1_234_567, "1.2 MB"), (5_000_000_000_000, "5.0 TB"),
    ],
)  # fmt: skip
def test_a_size_has_the_unit_that_fits(size, words):
    assert size_in_words(size) == words


def test_one_is_not_many():
    assert [count_of(n, "picture") for n in (0, 1, 1204)] == [
        "No pictures", "1 picture", "1,204 pictures",
    ]  # fmt: skip


def test_what_stands_between_backticks_is_code_and_the_rest_is_escaped():
    assert ticked("run `a<b` <now>") == "run <code>a&lt;b</code> &lt;now&gt;"
