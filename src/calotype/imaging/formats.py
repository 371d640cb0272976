"""Which kind of picture the bytes are, by the bytes alone."""

from mmap import mmap

Data = bytes | mmap

JPEG = "image/jpeg"
PNG = "image/png"
WEBP = "image/webp"
GIF = "image/gif"
TIFF = "image/tiff"
AVIF = "image/avif"
HEIC = "image/heic"

MEDIA_TYPES = frozenset({JPEG, PNG, WEBP, GIF, TIFF, AVIF, HEIC})

_SIGNATURES = {
    b"\xff\xd8\xff": JPEG,
    b"\x89PNG\r\n\x1a\n": PNG,
    b"GIF87a": GIF,
    b"GIF89a": GIF,
    b"II*\0": TIFF,
    b"MM\0*": TIFF,
    b"II+\0": TIFF,
    b"MM\0+": TIFF,
}
_BRANDS = {
    b"avif": AVIF,
    b"avis": AVIF,
    b"heic": HEIC,
    b"heix": HEIC,
    b"heim": HEIC,
    b"heis": HEIC,
    b"hevc": HEIC,
    b"hevx": HEIC,
}
_BRANDS_READ_BYTES = 256


def recognise(data: Data) -> str | None:
    """Name the media type of *data*, None when it is no picture that is kept here."""
    head = data[:16]
    for signature, media_type in _SIGNATURES.items():
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    return _by_brand(data) if head[4:8] == b"ftyp" else None


def _by_brand(data: Data) -> str | None:
    """Take the first brand that names a codec; `mif1` says only that it is some HEIF."""
    size = min(int.from_bytes(data[:4], "big"), _BRANDS_READ_BYTES)
    brands = data[8:12] + data[16:size]
    found = (_BRANDS.get(brands[at : at + 4]) for at in range(0, len(brands), 4))
    return next((media_type for media_type in found if media_type), None)
