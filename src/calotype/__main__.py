"""`python -m calotype`."""

from calotype.cli import main

main()
