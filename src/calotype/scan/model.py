"""What a scan walks over, what it knows of a picture, and what it finds."""

from dataclasses import dataclass, field
from typing import Literal, Self

from calotype.similarity import Figure

Rung = Literal["bytes", "pixels", "near", "variant", "similar"]
RUNGS: tuple[Rung, ...] = ("bytes", "pixels", "near", "variant", "similar")
"""The ladder of certainty, the surest first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a folder, by what tells that it has not changed."""

    path: str
    size_bytes: int
    modified_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or a folder that could not be looked at, and why."""

    path: str
    reason: str

    @classmethod
    def of(cls, path: str, error: OSError) -> Self:
        return cls(path, (error.strerror or str(error)).lower())


@dataclass(slots=True)
class Walked:
    """Everything that lies in some folders."""

    entries: list[Entry] = field(default_factory=list[Entry])
    failures: list[Failure] = field(default_factory=list[Failure])
    hard_links: int = 0
    """Further names of files that are counted once."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the cache says of a picture file so far."""

    entry: Entry
    id: int
    digest: bytes | None = None
    """Its SHA-256, which only files of a size that another one has need."""
    refusal: str | None = None
    width: int | None = None
    height: int | None = None

    @property
    def is_fingerprinted(self) -> bool:
        return self.width is not None


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that was looked at."""

    entry: Entry
    id: int
    """Where the cache has its fingerprint, which files of equal bytes share."""
    width: int
    height: int

    @property
    def rank(self) -> tuple[int, int, int, int, str]:
        """The best first: most pixels, then most bytes, then the oldest, then the plainest name."""
        path = self.entry.path
        pixels = self.width * self.height
        return -pixels, -self.entry.size_bytes, self.entry.modified_ns, len(path), path


Content = list[Picture]
"""Pictures of equal bytes, the best name first."""


@dataclass(frozen=True, slots=True)
class Link:
    """What two pictures have in common."""

    rung: Rung
    distance: int
    weakest: Figure
    """The figure that comes nearest to its limit."""
    may_be_equal: bool
    """Whether so little differs that all pixels may be the same."""


Links = dict[int, dict[int, Link]]
"""Who is linked with whom, both ways; pictures are told by their places, the best first."""


@dataclass(frozen=True, slots=True)
class Member:
    """A picture in a group, and how many bits of pHash lie between it and the centre."""

    picture: Picture
    distance: int


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures of which any two stand on the same rung; the first is the centre, and the best."""

    rung: Rung
    members: tuple[Member, ...]
    weakest: Figure | None = None
    """Of all figures of all pairs; equal bytes and pixels need none."""

    @property
    def centre(self) -> Picture:
        return self.members[0].picture

    @property
    def spare_bytes(self) -> int:
        """What would be free if only the centre were kept."""
        return sum(member.picture.entry.size_bytes for member in self.members[1:])

    @property
    def bytes_to_win(self) -> int:
        """What is free for certain; files with equal bytes are counted where they are together."""
        if self.rung == "bytes":
            return self.spare_bytes
        if self.rung != "pixels":
            return 0
        sizes = {each.picture.id: each.picture.entry.size_bytes for each in self.members}
        return sum(sizes.values()) - self.centre.entry.size_bytes


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of a scan."""

    pictures: int
    """Files that are pictures, whether they could be read or not."""
    other_files: int
    hard_links: int
    failures: tuple[Failure, ...]
    groups: tuple[Group, ...]
    crowded: int
    """Pictures that look like so many others that not every pair was compared."""

    @property
    def bytes_to_win(self) -> int:
        return sum(group.bytes_to_win for group in self.groups)
