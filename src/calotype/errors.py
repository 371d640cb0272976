"""Every error that calotype raises on purpose.

CalotypeError
├── Missing       nothing by that name, or nothing that the caller may know of
├── Conflict      it exists already, or is in use
├── Invalid       the input cannot be accepted
├── Forbidden     the caller may not do this
└── Unavailable   a tool is out of order; trying again may help

Every slice derives its own from these. The docstring of an error is its message; what
differs from case to case is kept in fields. A door turns a kind into its own language:
`http/problems.py` into a status, `cli.py` into an exit code, `worker.py` into a retry.
"""

import inspect


class CalotypeError(Exception):
    """Something went wrong that calotype foresaw."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(detail or self.title)

    @property
    def title(self) -> str:
        """The first sentence of the docstring: the same for every error of this kind."""
        return (inspect.getdoc(type(self)) or "").split("\n\n")[0].replace("\n", " ")


class Missing(CalotypeError):
    """Nothing by that name."""


class Conflict(CalotypeError):
    """It exists already, or is in use."""


class Invalid(CalotypeError):
    """The input cannot be accepted."""


class Forbidden(CalotypeError):
    """The caller may not do this."""


class Unavailable(CalotypeError):
    """A tool is out of order; trying again may help."""
