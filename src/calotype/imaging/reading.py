"""Looking at a picture inside a child: first its header, then, if asked, every pixel."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pillow_heif
import pyvips

from calotype.imaging import exif, formats, icc, orientation
from calotype.imaging.errors import NotAPicture, TooManyFrames, TooManyPixels, Unreadable
from calotype.imaging.exif import Exif
from calotype.imaging.formats import Data
from calotype.imaging.model import Limits, Probe
from calotype.imaging.strip import gif, strip_bytes
from calotype.imaging.stripped import Stripped

Answer = TypeVar("Answer")

_LOADERS = {
    formats.JPEG: "jpegload_source",
    formats.PNG: "pngload_source",
    formats.WEBP: "webpload_source",
    formats.GIF: "gifload_source",
    formats.TIFF: "tiffload_source",
    formats.AVIF: "heifload_source",
}
_heif: Any = pillow_heif
"""Which is typed in part only."""

_ANIMATED = frozenset({formats.GIF, formats.WEBP})
_ONE_FRAME, _ALL_FRAMES = "[fail_on=error]", "[fail_on=error,n=-1]"
"""Options of loaders; libvips heeds these, but not its own `fail_on`, when it shrinks a source."""
_INTERPRETATIONS = {1: "b-w", 2: "b-w", 3: "srgb", 4: "srgb"}
"""What the bands of a phone's picture mean, by their number."""
_MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was handed over, and what may be spent on it."""

    descriptor: int
    data: Data
    limits: Limits


class Picture(Protocol):
    """A picture whose header was read."""

    media_type: str
    width: int
    height: int
    frames: int
    orientation: int
    has_alpha: bool

    def total_pixels(self) -> int: ...
    def colour_profile(self) -> bytes: ...
    def exif(self) -> Exif: ...
    def decode(self) -> None: ...
    def load(self, **options: float | str) -> pyvips.Image: ...
    def shrunk(self, width: int, height: int, *, plays: bool) -> pyvips.Image: ...


def probe(opened: Opened) -> Probe:
    """Read the header, and refuse what is over the budget."""
    picture = within_budget(opened)
    width, height = upright_size(picture)
    profile, told = picture.colour_profile(), picture.exif()
    return Probe(
        media_type=picture.media_type,
        width=width,
        height=height,
        frames=picture.frames,
        orientation=picture.orientation,
        has_alpha=picture.has_alpha,
        colour_profile=icc.name_of(profile) if profile else None,
        taken_at=told.taken_at,
        camera=told.camera,
    )


def upright_size(picture: Picture) -> tuple[int, int]:
    if picture.orientation >= orientation.FIRST_LYING:
        return picture.height, picture.width
    return picture.width, picture.height


def moves(picture: Picture) -> bool:
    """Tell whether the frames are a film; those of other formats are pages."""
    return picture.frames > 1 and picture.media_type in _ANIMATED


def strip(opened: Opened) -> Stripped | None:
    """Tell what is left without metadata, None when that is not certain; reads the whole file."""
    return strip_bytes(opened.data)


def decode(opened: Opened) -> None:
    """Read every pixel of every frame, and refuse what is damaged."""
    picture = within_budget(opened)
    if picture.media_type == formats.GIF and gif.ends_too_early(opened.data):
        raise Unreadable("it ends too early")
    translated(picture.decode)


def within_budget(opened: Opened) -> Picture:
    media_type = formats.recognise(opened.data)
    if media_type is None:
        raise NotAPicture
    if media_type == formats.GIF:
        # libvips would look at every frame before it says how many there are.
        frames = gif.count_frames(opened.data, opened.limits.max_frames + 1)
        _check_frames(frames, opened.limits)
    picture = translated(lambda: _open(media_type, opened))
    _check_frames(picture.frames, opened.limits)
    _check_sides(picture, opened.limits)
    return picture


def _open(media_type: str, opened: Opened) -> Picture:
    if media_type == formats.HEIC:
        return _PhonePicture(opened)
    return _VipsPicture(media_type, opened)


def _check_frames(frames: int, limits: Limits) -> None:
    if frames > limits.max_frames:
        detail = f"more than {limits.max_frames} frames"
        raise TooManyFrames(detail)


def _check_sides(picture: Picture, limits: Limits) -> None:
    width, height = picture.width, picture.height
    if max(width, height) > limits.max_side or width * height > limits.max_pixels:
        detail = f"{width} x {height}; at most {limits.max_side} a side, {limits.max_pixels} in all"
        raise TooManyPixels(detail)
    if picture.frames > 1 and translated(picture.total_pixels) > limits.max_animated_pixels:
        detail = f"{picture.frames} frames; at most {limits.max_animated_pixels} pixels in all"
        raise TooManyPixels(detail)


class _VipsPicture:
    def __init__(self, media_type: str, opened: Opened) -> None:
        self.media_type = media_type
        self._opened = opened
        self._image = self._load()
        self.width = self._image.width
        self.height = self._image.height
        self.orientation = self._number("orientation")
        self.frames = 1 if media_type == formats.AVIF else self._number("n-pages")
        self.has_alpha = bool(self._image.hasalpha())

    def total_pixels(self) -> int:
        """Add up the frames; only the pages of a TIFF may differ in size."""
        if self.media_type in _ANIMATED:
            return self.frames * self.width * self.height
        pages = [self._load(page=page) for page in range(self.frames)]
        return sum(page.width * page.height for page in pages)

    def colour_profile(self) -> bytes:
        return self._blob("icc-profile-data")

    def exif(self) -> Exif:
        if self.media_type == formats.TIFF:
            # Such a file has the structure of EXIF itself.
            return exif.read(self._opened.data)
        return exif.read(self._blob("exif-data"))

    def decode(self) -> None:
        if self.media_type in _ANIMATED:
            _read_all(self._load(n=-1, fail_on="error"))
        elif self.frames == 1:
            _read_all(self._load(fail_on="error"))
        else:
            for page in range(self.frames):
                _read_all(self._load(page=page, fail_on="error"))

    def shrunk(self, width: int, height: int, *, plays: bool) -> pyvips.Image:
        """Decode the upright picture at this size in sRGB; with all its frames if it *plays*."""
        options = _in_srgb(self.colour_profile())
        return pyvips.Image.thumbnail_source(
            self._source(), width, height=height, size="force",
            option_string=_ALL_FRAMES if plays else _ONE_FRAME, **options,
        )  # fmt: skip

    def load(self, **options: float | str) -> pyvips.Image:
        """The first frame as it is stored, once somebody asks for its pixels."""
        return self._load(fail_on="error", **options)

    def _load(self, **options: float | str) -> pyvips.Image:
        loader = _LOADERS[self.media_type]
        return pyvips.Operation.call(loader, self._source(), access="sequential", **options)

    def _source(self) -> pyvips.Source:
        return pyvips.Source.new_from_descriptor(self._opened.descriptor)

    def _number(self, name: str) -> int:
        value = self._field(name)
        return value if isinstance(value, int) else 1

    def _blob(self, name: str) -> bytes:
        value = self._field(name)
        return value if isinstance(value, bytes) else b""

    def _field(self, name: str) -> object:
        return self._image.get(name) if self._image.get_typeof(name) else None


def _read_all(image: pyvips.Image) -> None:
    """Ask for an average: it needs every pixel, and one band has all of them decoded."""
    image[0].avg()


class _PhonePicture:
    """HEIC, for which libvips has no decoder."""

    media_type = formats.HEIC
    frames = 1
    orientation = 1
    """The decoder has turned the picture upright already."""

    def __init__(self, opened: Opened) -> None:
        file = _heif.open_heif(opened.data)
        self._image = file[file.primary_index]
        self.width, self.height = self._image.size
        self.has_alpha = "A" in self._image.mode

    def total_pixels(self) -> int:
        return self.width * self.height

    def colour_profile(self) -> bytes:
        return self._image.info.get("icc_profile") or b""

    def exif(self) -> Exif:
        return exif.read(self._image.info.get("exif") or b"")

    def decode(self) -> None:
        self._image.load()

    def load(self, **options: float | str) -> pyvips.Image:
        """The whole picture at once; its decoder knows no options."""
        del options
        bands = len(self._image.mode)
        image: Any = pyvips.Image.new_from_memory(
            self._image.data, self.width, self.height, bands, "uchar"
        )
        image = image.copy(interpretation=_INTERPRETATIONS[bands])
        profile = self.colour_profile()
        if profile:
            image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
        return image

    def shrunk(self, width: int, height: int, *, plays: bool) -> pyvips.Image:
        """Shrink the upright picture, which never plays."""
        del plays
        options = _in_srgb(self.colour_profile())
        return self.load().thumbnail_image(width, height=height, size="force", **options)


def _in_srgb(profile: bytes) -> dict[str, Any]:
    """Options that make sRGB of what has a profile; of other pictures libvips makes it anyway."""
    return {"output_profile": "srgb"} if profile else {}


def translated(step: Callable[[], Answer]) -> Answer:
    """Say `unreadable` for what decoders say in their many ways."""
    try:
        return step()
    except MemoryError as error:
        raise Unreadable("it needs more memory than allowed") from error
    except (pyvips.Error, ValueError, RuntimeError, EOFError, SyntaxError, OSError) as error:
        raise Unreadable(reason(error)) from error


def reason(error: Exception) -> str:
    text = exif.printable(str(error.detail) if isinstance(error, pyvips.Error) else str(error))
    return text[:_MAX_REASON] or "it is damaged"
