# What contributors run. `just check` is exactly what CI runs.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Everything that must pass before a change lands.
check: lint types contracts test

# Style, and code that is formatted.
lint:
    ruff check .
    ruff format --check .

# Types, strictly.
types:
    basedpyright

# Who may import whom.
contracts:
    lint-imports --no-logo --no-cache

# What needs the machine to itself: servers that are killed, and races that need every core.
alone := "tests/acceptance tests/browser tests/laws/test_race.py"

# The fast lane: on every core, then what needs the machine to itself.
test:
    pytest -n auto --dist worksteal -m "not slow" $(printf -- '--ignore=%s ' {{ alone }})
    pytest -m "not slow" {{ alone }}

# Suites that take long: run them before an issue is called resolved.
slow *arguments:
    pytest -m slow {{ arguments }}

# Everything against another PostgreSQL: CALOTYPE_TEST_DATABASE_URL names a superuser's login.
test-elsewhere:
    test -n "$CALOTYPE_TEST_DATABASE_URL"
    just test

# Put files into shape.
format:
    ruff check --fix .
    ruff format .

# Write the reference pages that the code knows best.
docs:
    python docs/reference/generate.py
