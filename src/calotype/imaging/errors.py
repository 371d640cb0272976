"""Why a picture is refused, or cannot be looked at.

Invalid
├── NotAPicture       the bytes are of no kind that is kept here
├── TooManyPixels     over the budget for one picture or for an animation
├── TooManyFrames     over the budget for an animation
└── Unreadable        a picture by its first bytes, but damaged or beyond decoding
Unavailable
└── ImagingUnavailable   no child process could look at it; not the picture's fault
"""

from calotype.errors import Invalid, Unavailable


class NotAPicture(Invalid):
    """The file is not a picture of a kind that is kept here."""


class TooManyPixels(Invalid):
    """The picture has more pixels than allowed."""


class TooManyFrames(Invalid):
    """The picture has more frames than allowed."""


class Unreadable(Invalid):
    """The picture cannot be decoded."""


class ImagingUnavailable(Unavailable):
    """Pictures cannot be looked at for the moment."""
