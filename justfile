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

# The fast lane: on every core, then the suites that start and kill whole servers one by one.
test:
    pytest -n auto --dist worksteal -m "not slow" --ignore tests/acceptance --ignore tests/browser
    pytest -m "not slow" tests/acceptance tests/browser

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
