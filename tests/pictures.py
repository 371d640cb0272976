"""Pictures for tests, made by program: the same call gives the same bytes, another seed others."""

import io
import struct
import zlib
from collections.abc import Iterable

import pillow_heif
import pyvips
from PIL import Image

TELLTALE = b"SN-4711-TELLTALE"
"""A serial number, put wherever a format lets metadata hide."""
MAKER, MODEL = "Fotowerk", "Fotowerk F1"
TAKEN = "2024:05:17 12:30:00"

_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf>' + TELLTALE + b"</rdf></x:xmpmeta>"


def pixels(seed: int = 0, width: int = 64, height: int = 48, bands: int = 3) -> pyvips.Image:
    """A soft pattern, different for every seed, in which no two corners look alike."""
    grid = pyvips.Image.xyz(width, height)
    x, y = grid[0] / width, grid[1] / height
    waves = [
        ((x * (90 + 37 * band + seed % 101) + y * (160 - 29 * band + seed % 67)).sin() + 1) * 110
        + (x + y * 2) * 8
        for band in range(bands)
    ]
    picture = waves[0].bandjoin(waves[1:]) if bands > 1 else waves[0]
    marker = pyvips.Image.new_from_array([[(seed >> shift & 1) * 255 for shift in range(24)]])
    picture = picture.cast("uchar")
    if width >= 24:
        picture = picture.insert(marker.cast("uchar").bandjoin([marker] * (bands - 1)), 0, 0)
    return picture.cast("uchar").copy(interpretation="srgb" if bands > 2 else "b-w")


def jpeg(
    seed: int = 0,
    width: int = 64,
    height: int = 48,
    *,
    quality: int = 85,
    progressive: bool = False,
) -> bytes:
    return pixels(seed, width, height).jpegsave_buffer(
        Q=quality, interlace=progressive, keep="none"
    )


def grey_jpeg(seed: int = 0, width: int = 64, height: int = 48) -> bytes:
    return pixels(seed, width, height, bands=1).jpegsave_buffer(keep="none")


def noise_jpeg(seed: int = 0, width: int = 64, height: int = 48) -> bytes:
    """No pixel tells anything of its neighbour: encoders have more to do with nothing else."""
    noise = [pyvips.Image.gaussnoise(width, height, seed=seed + band) for band in range(3)]
    image = noise[0].bandjoin(noise[1:]).cast("uchar").copy(interpretation="srgb")
    return image.jpegsave_buffer(Q=85, keep="none")


def cmyk_jpeg(seed: int = 0, width: int = 64, height: int = 48) -> bytes:
    bands = pixels(seed, width, height, bands=4)
    image = Image.frombytes("CMYK", (width, height), bands.write_to_memory())
    return _saved("JPEG", [image], quality=90)


def telling_jpeg(
    seed: int = 0, width: int = 64, height: int = 48, *, orientation: int = 1
) -> bytes:
    """EXIF with GPS, maker note and thumbnail, XMP, IPTC, a comment, an ICC profile and more."""
    plain = jpeg(seed, width, height)
    told = exif(orientation, thumbnail=jpeg(seed, 16, 12))
    segments = [
        _segment(0xE0, b"JFIF\0\1\1\0\0\x48\0\x48\1\1" + TELLTALE[:3]),
        _segment(0xE0, b"JFXX\0\x13\1\1" + TELLTALE[:3]),
        _segment(0xE1, b"Exif\0\0" + told),
        _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _XMP),
        _segment(0xE2, b"ICC_PROFILE\0\1\1" + profile()),
        _segment(0xE2, b"MPF\0" + TELLTALE),
        _segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x10" + TELLTALE),
        _segment(0xFE, TELLTALE),
    ]
    body = plain[plain.index(b"\xff\xdb") :]
    return b"\xff\xd8" + b"".join(segments) + body + motion(seed)


def oriented_jpeg(seed: int = 0, orientation: int = 6) -> bytes:
    return jpeg_with_exif(exif(orientation), seed)


def jpeg_with_exif(told: bytes, seed: int = 0) -> bytes:
    plain = jpeg(seed)
    return plain[:2] + _segment(0xE1, b"Exif\0\0" + told) + plain[2:]


def motion_jpeg(seed: int = 0) -> bytes:
    """A picture with a film behind its end, as phones make them."""
    return jpeg(seed) + motion(seed)


def motion(seed: int = 0) -> bytes:
    return b"\0\0\0\x18ftypmp42" + TELLTALE + bytes([seed % 256]) * 500


def truncated_jpeg(seed: int = 0) -> bytes:
    whole = jpeg(seed, 640, 480)
    return whole[: len(whole) // 2]


def png(
    seed: int = 0, width: int = 64, height: int = 48, *, depth: int = 8, alpha: bool = False
) -> bytes:
    image = pixels(seed, width, height, bands=4 if alpha else 3)
    if depth == 16:
        image = (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    return image.pngsave_buffer(bitdepth=depth, keep="none")


def telling_png(seed: int = 0, *, orientation: int = 1) -> bytes:
    told = [
        _chunk(b"iCCP", b"Display\0\0" + zlib.compress(profile())),
        _chunk(b"tEXt", b"Comment\0" + TELLTALE),
        _chunk(b"zTXt", b"Author\0\0" + zlib.compress(TELLTALE)),
        _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _XMP),
        _chunk(b"tIME", struct.pack(">HBBBBB", 2024, 5, 17, 12, 30, 0)),
        _chunk(b"eXIf", exif(orientation)),
        _chunk(b"prVt", TELLTALE),
    ]
    plain = png(seed, alpha=True)
    header_end = 8 + 12 + 13
    return plain[:header_end] + b"".join(told) + plain[header_end:] + TELLTALE


def animated_png(seed: int = 0, frames: int = 3) -> bytes:
    return _saved("PNG", _frames(seed, 32, 24, frames), duration=80)


def huge_png_header(
    width: int = 60_000, height: int = 60_000, *, interlaced: bool = False
) -> bytes:
    """A few bytes that promise an enormous picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced)
    data = zlib.compress(bytes(3 * 64 + 1))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [_chunk(b"IHDR", header), _chunk(b"IDAT", data), _chunk(b"IEND", b"")]
    )


def webp(seed: int = 0, width: int = 64, height: int = 48, *, lossless: bool = False) -> bytes:
    return pixels(seed, width, height).webpsave_buffer(lossless=lossless, keep="none")


def telling_webp(seed: int = 0, *, orientation: int = 1) -> bytes:
    image = Image.open(io.BytesIO(png(seed, alpha=True)))
    told = b"Exif\0\0" + exif(orientation)
    return _saved("WEBP", [image], exif=told, xmp=_XMP, icc_profile=profile()) + TELLTALE


def animated_webp(seed: int = 0, frames: int = 3, width: int = 32, height: int = 24) -> bytes:
    told = b"Exif\0\0" + exif(1)
    return _saved("WEBP", _frames(seed, width, height, frames), duration=80, exif=told)


def gif(seed: int = 0, frames: int = 3, width: int = 32, height: int = 24) -> bytes:
    return _saved("GIF", _frames(seed, width, height, frames), duration=80, loop=0)


def telling_gif(seed: int = 0) -> bytes:
    """A comment, and XMP as an application extension."""
    plain = gif(seed)
    at = 13 + (3 << (plain[10] & 7) + 1 if plain[10] & 0x80 else 0)
    comment = b"\x21\xfe" + _sub_blocks(TELLTALE)
    xmp = b"\x21\xff\x0bXMP DataXMP" + _sub_blocks(_XMP)
    return plain[:at] + comment + xmp + plain[at:] + TELLTALE


def many_frames_gif(frames: int = 107_000, width: int = 1, height: int = 1) -> bytes:
    """One pixel, changed again and again: a small file and, if it is wide, a lot of work."""
    size = struct.pack("<HH", width, height)
    head = b"GIF89a" + size + b"\x80\0\0\0\0\0\xff\xff\xff"
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return head + frame * frames + b"\x3b"


def tiff(seed: int = 0, width: int = 64, height: int = 48, *, tiled: bool = False) -> bytes:
    image = pixels(seed, width, height)
    return image.tiffsave_buffer(compression="deflate", tile=tiled, keep="none")


def telling_tiff(
    seed: int = 0, *, pages: int = 2, big: bool = False, orientation: int = 1
) -> bytes:
    """The tags of a person and of a place; the EXIF of the first page has a directory of its own."""
    told = Image.Exif()
    told.load(b"Exif\0\0" + exif(orientation))
    told[0x02BC] = _XMP
    told[0x83BB] = TELLTALE
    told[0x013B] = TELLTALE.decode()
    frames = _frames(seed, 64, 48, pages)
    return _saved("TIFF", frames, exif=told, icc_profile=profile(), big_tiff=big)


def avif(seed: int = 0, width: int = 64, height: int = 48) -> bytes:
    return pixels(seed, width, height).heifsave_buffer(compression="av1", effort=1, keep="none")


def telling_avif(seed: int = 0) -> bytes:
    image = pixels(seed).copy()
    image.set_type(pyvips.GValue.blob_type, "exif-data", b"Exif\0\0" + exif(1))
    image.set_type(pyvips.GValue.blob_type, "xmp-data", _XMP)
    return image.heifsave_buffer(compression="av1", effort=1, keep="all")


def heic(seed: int = 0, width: int = 64, height: int = 48) -> bytes:
    return _phone(seed, width, height)


def telling_heic(seed: int = 0) -> bytes:
    return _phone(seed, 64, 48, exif=b"Exif\0\0" + exif(1), xmp=_XMP)


def text_named_jpg() -> bytes:
    return b"This is a shopping list, whatever its name may be.\n"


def svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9"/></svg>'


def profile() -> bytes:
    """The sRGB profile that libvips carries."""
    return pixels().icc_export(output_profile="srgb").get("icc-profile-data")


def exif(orientation: int = 1, thumbnail: bytes = b"") -> bytes:
    """A TIFF structure with a camera, a date, a serial number and a place."""
    told = Image.Exif()
    told.endian = ">"
    told[0x0112], told[0x010F], told[0x0110] = orientation, MAKER, MODEL
    inner, place = told.get_ifd(0x8769), told.get_ifd(0x8825)
    inner[0x9003], inner[0xA431] = TAKEN, TELLTALE.decode()
    inner[0x927C] = b"maker note " + TELLTALE + thumbnail
    place[1], place[2], place[0x1B] = "N", (52.0, 31.0, 12.0), b"ASCII\0\0\0" + TELLTALE
    return told.tobytes().removeprefix(b"Exif\0\0")


def _frames(seed: int, width: int, height: int, frames: int) -> Iterable[Image.Image]:
    for frame in range(frames):
        data = pixels(seed + 1000 * frame, width, height).write_to_memory()
        yield Image.frombytes("RGB", (width, height), data)


def _phone(seed: int, width: int, height: int, **options: object) -> bytes:
    image = pixels(seed, width, height)
    made = pillow_heif.from_bytes("RGB", (width, height), image.write_to_memory())
    target = io.BytesIO()
    made.save(target, quality=80, **options)
    return target.getvalue()


def _saved(form: str, images: Iterable[Image.Image], **options: object) -> bytes:
    first, *others = images
    if others:
        options |= {"save_all": True, "append_images": others}
    target = io.BytesIO()
    first.save(target, form, **options)
    return target.getvalue()


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _sub_blocks(data: bytes) -> bytes:
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
