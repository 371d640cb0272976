"""Figures as people read them."""

from markupsafe import Markup

_STEP = 1000


def count_of(number: int, noun: str, plural: str | None = None) -> str:
    """1 picture; 1,204 pictures; no pictures."""
    many = plural or f"{noun}s"
    if number == 0:
        return f"No {many}"
    return f"{number:,} {noun if number == 1 else many}"


def size_in_words(size_bytes: int) -> str:
    """12 bytes; 1.2 MB; 340 kB."""
    if size_bytes < _STEP:
        return f"{size_bytes} bytes"
    size = float(size_bytes)
    for unit in ("kB", "MB", "GB"):
        size /= _STEP
        if round(size) < _STEP:
            return f"{size:.1f} {unit}" if size < 10 else f"{size:.0f} {unit}"  # noqa: PLR2004
    return f"{size / _STEP:.1f} TB"


def ticked(text: str) -> Markup:
    """Show what stands between backticks as code."""
    parts = text.split("`")
    code = Markup("<code>{}</code>")
    return Markup("").join(
        code.format(part) if number % 2 else part for number, part in enumerate(parts)
    )
