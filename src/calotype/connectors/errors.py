"""What goes wrong when another service is asked."""

from calotype.errors import Unavailable


class ServiceUnavailable(Unavailable):
    """Another service did not answer, or not with what it promises."""
