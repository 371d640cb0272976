"""Renditions: pictures made from originals by recipes, each made once and forgotten in time."""

from calotype.renditions.checks import RENDITION_CHECKS, RENDITION_MISSING
from calotype.renditions.errors import RenditionUnderWay
from calotype.renditions.making import Making
from calotype.renditions.model import (
    FORMATS,
    PRESETS,
    Format,
    Preset,
    Recipe,
    Rendition,
    Stats,
    presets_with,
)
from calotype.renditions.service import Renditions
from calotype.renditions.upkeep import KEY_SPACE, Upkeep

__all__ = [
    "FORMATS",
    "KEY_SPACE",
    "PRESETS",
    "RENDITION_CHECKS",
    "RENDITION_MISSING",
    "Format",
    "Making",
    "Preset",
    "Recipe",
    "Rendition",
    "RenditionUnderWay",
    "Renditions",
    "Stats",
    "Upkeep",
    "presets_with",
]
