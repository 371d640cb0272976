"""What goes wrong while a file arrives."""

from dataclasses import dataclass

from calotype.errors import Invalid


class EmptyFile(Invalid):
    """The file is empty."""


@dataclass
class FieldsRefused(Invalid):
    """Some fields of the form cannot be accepted."""

    errors: list[dict[str, str]]

    def __post_init__(self) -> None:
        super().__init__()
