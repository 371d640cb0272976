"""Which of libvips' loaders may touch a picture: deny first, then allow."""

from collections.abc import Iterator

import pyvips

_FAMILIES = ("Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif")
_ALL = "VipsForeignLoad"
_BLOCKED = 32


def allow_only_wanted() -> None:
    """Block every loader but those of the formats that are kept, and cache nothing."""
    pyvips.operation_block_set(_ALL, state=True)
    for family in _FAMILIES:
        pyvips.operation_block_set(_ALL + family, state=False)
    pyvips.cache_set_max(0)


def effective() -> tuple[str, ...]:
    """Ask libvips which loaders it would run now."""
    names = _nicknames(pyvips.type_from_name(_ALL))
    return tuple(sorted(name for name in names if not _is_blocked(name)))


def _nicknames(kind: int) -> Iterator[str]:
    below: list[int] = []

    def note(child: int, *_: object) -> int:
        below.append(child)
        return pyvips.ffi.NULL

    pyvips.type_map(kind, note)
    for child in below:
        yield from _nicknames(child)
    if not below:
        yield pyvips.nickname_find(kind)


def _is_blocked(nickname: str) -> bool:
    return bool(pyvips.Introspect.get(nickname).flags & _BLOCKED)
