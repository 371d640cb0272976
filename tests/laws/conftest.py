"""Assertions outside of test modules say what they compared, too."""

import pytest

pytest.register_assert_rewrite(
    "tests.laws.crash.verdict", "tests.laws.machine.laws", "tests.laws.machine.machine"
)
