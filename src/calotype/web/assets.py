"""Files that browsers fetch, at addresses that change whenever the files do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from starlette.responses import Response

from calotype.digest import Digest
from calotype.web.errors import PageMissing

_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_A_YEAR = "public, max-age=31536000, immutable"
_VERSION_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Assets:
    """One version for all files, so that modules can import each other by relative names."""

    version: str
    files: Mapping[str, bytes]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read every file of *folder* that is meant for browsers."""
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in _KINDS
        }
        told = (part for name, content in files.items() for part in (name.encode(), content))
        return cls(str(Digest.of_chunks(told))[:_VERSION_DIGITS], files)

    def address(self, name: str) -> str:
        """Return where the file called *name* is fetched."""
        assert name in self.files, f"there is no file {name}"
        return f"/assets/{self.version}/{name}"

    def answer(self, version: str, name: str) -> Response:
        """Send a file; one that is asked for by an older page is not to be kept."""
        if name not in self.files:
            raise PageMissing
        return Response(
            self.files[name],
            headers={
                "Cache-Control": _A_YEAR if version == self.version else "no-cache",
                "X-Content-Type-Options": "nosniff",
                "Cross-Origin-Resource-Policy": "same-origin",
            },
            media_type=_KINDS[Path(name).suffix],
        )
