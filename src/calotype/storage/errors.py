"""What can go wrong between calotype and the place where its objects lie."""

from calotype.errors import Conflict, Invalid, Missing, Unavailable


class ObjectMissing(Missing):
    """No object is stored under this key."""


class KeyTaken(Conflict):
    """Another object is stored under this key already."""


class BadKey(Invalid):
    """A key is a relative path without empty, hidden or dotted parts."""


class BadStorageUrl(Invalid):
    """An object store has another kind of address."""


class StoreUnavailable(Unavailable):
    """The object store does not answer, or not clearly."""


class StoreRefused(Unavailable):
    """The object store does not permit this."""


class StoreFull(Unavailable):
    """The object store has no room left."""


class ListingCutShort(Unavailable):
    """The listing of the object store ended early."""


class FileCutShort(Unavailable):
    """The file is not as long as it was when it was measured."""

    def __init__(self, found_bytes: int, expected_bytes: int) -> None:
        self.found_bytes = found_bytes
        self.expected_bytes = expected_bytes
        super().__init__(f"{found_bytes} bytes instead of {expected_bytes}.")
