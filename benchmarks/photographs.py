"""Photographs from a folder: real files, each once, spread over what is there."""

from pathlib import Path

_SMALLEST_BYTES = 300_000


def photographs(folder: Path, limit: int) -> list[Path]:
    """Take *limit* JPEGs that are large enough to be photographs, from the whole folder."""
    found = [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in {".jpg", ".jpeg"}
        and file.is_file()
        and not file.is_symlink()
        and file.stat().st_size > _SMALLEST_BYTES
    ]
    return [found[place * len(found) // limit] for place in range(min(limit, len(found)))]
