"""What goes wrong while a picture is fetched."""

from dataclasses import dataclass

from calotype.errors import Invalid, Missing, Unavailable


class PictureMissing(Missing):
    """There is no such picture, or it is not yours to see."""


class NothingToShare(Missing):
    """Only its owner may have this original: what it says about people cannot be taken out."""


class NotExaminedYet(Unavailable):
    """This picture has just arrived; it is shown to others once a worker has looked at it."""


class BytesMissing(Unavailable):
    """The bytes of this picture cannot be found at the moment."""


@dataclass
class PresetUnknown(Missing):
    """There is no such preset."""

    presets: list[str]

    def __post_init__(self) -> None:
        super().__init__()


@dataclass
class FormatUnknown(Missing):
    """There is no such format."""

    formats: list[str]

    def __post_init__(self) -> None:
        super().__init__()


class NothingToShow(Missing):
    """The pixels of this picture cannot be read; only its original can be downloaded."""


class RangeRefused(Invalid):
    """No byte of the picture lies in this range."""
