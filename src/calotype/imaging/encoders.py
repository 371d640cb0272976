"""Encoders, one row for each format: who writes it, how well, and what it cannot hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyvips

from calotype.imaging import formats
from calotype.imaging.orders import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """How a format is written, and which one is written instead of what it cannot hold."""

    media_type: str
    saver: str
    options: Mapping[str, Any]
    quick_options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    moves: bool = False
    when_moving: Format | None = None
    when_transparent: Format | None = None

    def encode(self, image: pyvips.Image, *, quick: bool) -> bytes:
        """Write *image* without metadata."""
        options = {**self.options, **(self.quick_options if quick else {})}
        return pyvips.Operation.call(self.saver, image, keep="none", **options)


# At these settings the formats look equally good (SSIMULACRA2 about 74 at 400 and 800 pixels). Colour is kept at
# full resolution: halved, red lettering and the edges of saturated things smear.
ENCODERS: Mapping[Format, Encoder] = {
    "avif": Encoder(
        media_type=formats.AVIF,
        saver="heifsave_buffer",
        options={"compression": "av1", "subsample_mode": "off", "effort": 2, "Q": 55},
        quick_options={"effort": 1, "Q": 58},
        when_moving="webp",
    ),
    "webp": Encoder(
        media_type=formats.WEBP,
        saver="webpsave_buffer",
        options={"smart_subsample": True, "effort": 2, "Q": 81},
        moves=True,
    ),
    "jpeg": Encoder(
        media_type=formats.JPEG,
        saver="jpegsave_buffer",
        options={"subsample_mode": "off", "optimize_coding": True, "Q": 71},
        when_transparent="png",
    ),
    "png": Encoder(media_type=formats.PNG, saver="pngsave_buffer", options={"compression": 6}),
}
