"""Losslessly stripped copies: which bytes of a picture show it and which tell tales."""

from calotype.imaging.strip.strip import strip, strip_bytes

__all__ = ["strip", "strip_bytes"]
