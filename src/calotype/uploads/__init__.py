"""Uploads: files arrive and become media."""

from calotype.uploads.checks import UPLOAD_CHECKS
from calotype.uploads.errors import EmptyFile, FieldsRefused
from calotype.uploads.service import Uploads

__all__ = ["UPLOAD_CHECKS", "EmptyFile", "FieldsRefused", "Uploads"]
