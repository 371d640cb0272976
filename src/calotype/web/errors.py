"""What goes wrong with pages."""

from calotype.errors import Missing


class PageMissing(Missing):
    """There is no such page."""
