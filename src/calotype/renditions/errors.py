"""Why a rendition is not there.

Unavailable
└── RenditionUnderWay   somebody else makes it, and that takes long
"""

from calotype.errors import Unavailable


class RenditionUnderWay(Unavailable):
    """The picture is being made in this size; it takes longer than usual."""
