"""The command line: `calotype ...`.

Exit codes: 0 done, 1 warnings (doctor) or an unforeseen failure, 2 data at risk (doctor) or wrong
usage, 3 missing, 4 conflict, 5 invalid, 6 forbidden, 7 unavailable.
"""

import click

from calotype import __version__
from calotype.cli.door import EXIT_CODES, Door

__all__ = ["EXIT_CODES", "Door", "main"]


@click.group(
    cls=Door,
    help=__doc__,
    verbs={
        "serve": "calotype.cli.serving",
        "worker": "calotype.cli.serving",
        "migrate": "calotype.cli.serving",
        "scan": "calotype.scan.commands",
        "keys": "calotype.cli.keys",
        "stats": "calotype.cli.upkeep",
        "sweep": "calotype.cli.upkeep",
        "doctor": "calotype.cli.upkeep",
        "backup": "calotype.cli.backups",
        "restore": "calotype.cli.backups",
    },
)
@click.version_option(__version__)
def main() -> None:
    """Run calotype."""
