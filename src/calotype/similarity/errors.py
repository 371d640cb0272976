"""What goes wrong when pictures are compared."""

from calotype.errors import Missing


class FingerprintMissing(Missing):
    """Nobody has looked at this picture yet, or it shows nothing that can be read."""
