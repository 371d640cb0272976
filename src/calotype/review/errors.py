"""What goes wrong when duplicates are looked for and decided on."""

from calotype.errors import Conflict, Invalid, Missing


class EmptyFile(Invalid):
    """The file is empty."""


class DuplicateMissing(Missing):
    """There is no such pair of duplicates."""


class AlreadyDecided(Conflict):
    """This pair was decided on before."""


class KeepUnknown(Invalid):
    """What is to be kept is none of the two pictures."""


class RuleMissing(Missing):
    """There is no such rule."""


class PlanChanged(Conflict):
    """The rule would do something else by now than what was approved."""
