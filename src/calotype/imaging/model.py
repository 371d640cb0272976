"""What imaging is asked to respect, and what it finds out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a picture may be, and how much a child may spend on it."""

    max_pixels: int = 100_000_000
    max_side: int = 16_383
    max_frames: int = 300
    max_animated_pixels: int = 200_000_000
    memory_mb: int = 3072
    cpu_seconds: int = 60
    wall_seconds: float = 120.0
    queue_seconds: float = 30.0
    jobs_per_child: int = 1000
    keep_below_mb: int = 512
    written_mb: int = 64


@dataclass(frozen=True, slots=True)
class Probe:
    """What a picture's header says; width and height are those of the upright picture."""

    media_type: str
    width: int
    height: int
    frames: int
    orientation: int
    has_alpha: bool
    colour_profile: str | None
    taken_at: datetime | None
    """By the camera's own clock, whose time zone nobody knows."""
    camera: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"taken_at": self.taken_at and self.taken_at.isoformat()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        taken_at = value["taken_at"]
        return cls(
            media_type=str(value["media_type"]),
            width=int(value["width"]),
            height=int(value["height"]),
            frames=int(value["frames"]),
            orientation=int(value["orientation"]),
            has_alpha=bool(value["has_alpha"]),
            colour_profile=_text(value["colour_profile"]),
            taken_at=None if taken_at is None else datetime.fromisoformat(taken_at),
            camera=_text(value["camera"]),
        )


ALLOWED_LOADERS = tuple(
    sorted(
        f"{family}load{variant}"
        for family in ("jpeg", "png", "webp", "gif", "tiff", "heif")
        for variant in ("", "_buffer", "_source")
    )
)
"""The libvips loaders that may answer in a child, and no others."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """Which locks hold a child, as the child itself found them once they were shut."""

    loaders: tuple[str, ...]
    """The libvips loaders that answer; they are ALLOWED_LOADERS."""
    no_new_privileges: bool
    seccomp: bool
    landlock: int
    """The version of Landlock in force, 0 for none."""
    memory_limited: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(
            loaders=tuple(value["loaders"]),
            no_new_privileges=bool(value["no_new_privileges"]),
            seccomp=bool(value["seccomp"]),
            landlock=int(value["landlock"]),
            memory_limited=bool(value["memory_limited"]),
        )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
