"""The peers of our hashes, and what their formats cost at least; runs in an environment of its own."""

import struct
import sys
import types
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pdqhash
import pyvips
from isal import isal_zlib
from PIL import Image

from benchmarks.turns import serve

Image.MAX_IMAGE_PIXELS = None
pyvips.cache_set_max(0)
_SIGNATURE_BYTES, _HEAD_BYTES, _CHECK_BYTES = 8, 8, 4


def _without_networks() -> None:
    """imagededup loads its neural networks at once; its hashes need none of them."""
    absent = {
        "imagededup.utils.models": ("CustomModel", "MobilenetV3", "DEFAULT_MODEL_NAME"),
        "imagededup.utils.data_generator": ("img_dataloader",),
        "imagededup.methods.cnn": ("CNN",),
    }
    for name, parts in absent.items():
        module = types.ModuleType(name)
        for part in parts:
            setattr(module, part, object)
        sys.modules[name] = module


_without_networks()
from imagededup.methods import DHash, PHash  # noqa: E402, what it loads had to be absent before

_PHASH, _DHASH = PHash(verbose=False), DHash(verbose=False)


def _imagehash(file: Path) -> tuple[str, str]:
    picture = Image.open(file)
    return str(imagehash.phash(picture, 16)), str(imagehash.dhash(picture, 16))


def _imagededup(file: Path) -> Any:
    pixels = np.asarray(Image.open(file).convert("RGB"))
    return _PHASH.encode_image(image_array=pixels), _DHASH.encode_image(image_array=pixels)


def _pdqhash(file: Path) -> int:
    return int(pdqhash.compute(np.asarray(Image.open(file).convert("RGB")))[1])


def _inflate(file: Path) -> int:
    """Unpack a PNG without looking at it."""
    data, at, parts = file.read_bytes(), _SIGNATURE_BYTES, []
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + _HEAD_BYTES])
        if kind == b"IDAT":
            parts.append(data[at + _HEAD_BYTES : at + _HEAD_BYTES + size])
        at += _HEAD_BYTES + size + _CHECK_BYTES
    return len(isal_zlib.decompress(b"".join(parts)))


def _scaled_webp(file: Path) -> int:
    return pyvips.Image.webpload(str(file), scale=1 / 8).write_to_memory().__len__()


if __name__ == "__main__":
    serve(
        {
            "imagehash": _imagehash,
            "imagededup": _imagededup,
            "pdqhash": _pdqhash,
            "limit png": _inflate,
            "limit webp": _scaled_webp,
        }
    )
