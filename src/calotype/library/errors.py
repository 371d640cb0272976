"""What goes wrong with media."""

from calotype.errors import Forbidden, Invalid, Missing


class MediaMissing(Missing):
    """There is no such media."""


class BucketUnknown(Invalid):
    """There is no such bucket."""


class BucketClosed(Forbidden):
    """You may not write to this bucket."""


class NotYourMedia(Forbidden):
    """Only its owner and admins may change this media."""


class EditorsOnly(Forbidden):
    """Viewers may look at media but not change anything."""


class NotInTrash(Invalid):
    """This media is not in the trash."""
