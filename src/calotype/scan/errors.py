"""What stops a scan; a file that cannot be read does not."""

from calotype.errors import Invalid, Unavailable


class FolderUnfit(Invalid):
    """This is not a folder that can be read."""


class CacheUnusable(Unavailable):
    """What a scan finds out cannot be written down."""


class CacheDamaged(CacheUnusable):
    """What scans found out earlier cannot be read any more."""


class ReportUnwritable(Unavailable):
    """The report cannot be written there."""
