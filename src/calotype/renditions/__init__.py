"""Renditions: pictures made from originals by recipes, each made once and forgotten in time."""

from calotype.renditions.model import FORMATS, PRESETS, Format, Preset, Recipe, Rendition
from calotype.renditions.service import Renditions

__all__ = ["FORMATS", "PRESETS", "Format", "Preset", "Recipe", "Rendition", "Renditions"]
