"""Media on the wire: the fields of today, and those that older clients know."""

import base64
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    computed_field,
    model_validator,
)

from calotype.database import Caller
from calotype.http import Told, Wire
from calotype.library.addresses import Addresses
from calotype.library.model import Media, MediaState, SourceType, Visibility
from calotype.library.service import may_change
from calotype.renditions import FORMATS, Format, Preset


def _printable(text: str) -> str:
    if any(character < " " and character not in "\n\t" for character in text):
        raise ValueError("control characters are not allowed")
    return text


def _one_line(text: str) -> str:
    if any(character < " " for character in text):
        raise ValueError("control characters are not allowed")
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(_one_line),
]
Text = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_printable)]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_one_line),
]
Word = Annotated[str, AfterValidator(_one_line)]
Tags = Annotated[list[Tag], Field(max_length=100)]
BucketName = Annotated[str, StringConstraints(max_length=63)]
ProjectId = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)
]

_DEEPEST = 32
_WHOLE = 1.00001
"""Fractions that add up to one do so nearly."""


class Metadata(BaseModel):
    """Whatever a client wants to remember; three of its names are fields of the media."""

    model_config = ConfigDict(extra="allow")

    title: Name | None = None
    description: Text | None = None
    tags: Tags | None = None

    @model_validator(mode="before")
    @classmethod
    def demand_storable(cls, given: object) -> object:
        """Refuse what JSON can say and the database cannot keep."""
        _demand_storable(given, _DEEPEST)
        return given

    def fields(self) -> dict[str, Any]:
        """What is said here about fields of the media, by the names of today."""
        said = {"name": self.title, "description": self.description, "tags": self.tags}
        return {name: new for name, new in said.items() if new is not None}


def _demand_storable(given: object, levels: int) -> None:
    if levels == 0:
        raise ValueError("this is nested too deep")
    if isinstance(given, str) and not _is_plain(given):
        raise ValueError("NUL and halves of characters are not allowed")
    if isinstance(given, float) and not math.isfinite(given):
        raise ValueError("a number must be finite")
    for part in _parts(given):
        _demand_storable(part, levels - 1)


def _parts(given: object) -> Iterable[object]:
    if isinstance(given, dict):
        names = cast("dict[str, object]", given)
        return (*names.keys(), *names.values())
    return cast("list[object]", given) if isinstance(given, list) else ()


def _is_plain(text: str) -> bool:
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def _exact_enough(fraction: float) -> float:
    return round(fraction, 4)


Fraction = Annotated[float, Field(ge=0, le=1), AfterValidator(_exact_enough)]
Part = Annotated[float, Field(ge=0.001, le=1), AfterValidator(_exact_enough)]


class CropOfMedia(Wire):
    """The part of the picture that is shown, in fractions of its upright width and height."""

    left: Fraction
    top: Fraction
    width: Part
    height: Part

    @model_validator(mode="after")
    def demand_inside(self) -> "CropOfMedia":
        """Refuse what reaches beyond the picture."""
        if max(self.left + self.width, self.top + self.height) > _WHOLE:
            raise ValueError("the crop reaches beyond the picture")
        return self


class FocalPointOfMedia(Wire):
    """What stays in sight where a shape cuts something off, in fractions."""

    x: Fraction
    y: Fraction


class MediaOut(Told):
    """A picture as a person sees and owns it."""

    id: UUID
    state: MediaState
    name: str
    alt_text: str
    caption: str
    description: str
    tags: list[str]
    bucket: str
    project_id: str | None
    source_type: SourceType
    enhancement_type: str | None
    original_media_id: UUID | None
    visibility: Visibility
    owner_user_id: UUID | None
    metadata: dict[str, Any]
    media_type: str
    width: int
    height: int
    duration_seconds: float | None = None
    size_bytes: int
    sha256: str | None = Field(default=None, description="To those who may change the media.")
    thumbhash: str | None = Field(default=None, description="A blurred picture, in base64.")
    dominant_color: str | None = Field(default=None, description="As in `#c0ffee`.")
    url: str
    variants: dict[str, dict[str, str]] = Field(
        description="Preset to format to an address that never changes; none if unreadable."
    )
    crop: CropOfMedia | None
    focal_point: FocalPointOfMedia | None
    usage_count: int = 0
    attribution: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None

    image_url: str = Field(alias="image_url", description="Legacy: `url`.")
    thumbnail_url: str = Field(
        alias="thumbnail_url", description="Legacy: the stable address of the smallest size."
    )
    public_url: str | None = Field(alias="public_url", description="Legacy.")
    original_url: str = Field(alias="original_url", description="Legacy.")
    storage_path: str = Field(description="Legacy: shown, never used to find bytes.")
    user_id: UUID | None = Field(alias="user_id", description="Legacy.")
    file_name: str = Field(alias="file_name", description="Legacy.")
    file_size: int = Field(alias="file_size", description="Legacy.")
    mime_type: str = Field(alias="mime_type", description="Legacy.")
    is_public: bool = Field(alias="is_public", description="Legacy.")
    source: SourceType = Field(description="Legacy: `sourceType`.")
    prompt: str | None = Field(description="Legacy: `metadata.prompt`.")
    title: str = Field(description="Legacy: `name`.")

    @computed_field(alias="created_at", description="Legacy: `createdAt`.")
    @property
    def created_at_legacy(self) -> datetime:
        return self.created_at


class MediaInFull(MediaOut):
    """A picture with what an element needs to choose a size by itself."""

    srcset: dict[str, str] = Field(
        description="Format to what `srcset` takes: each true width once, never enlarged."
    )


class AddedMedia(MediaOut):
    """New media, and whether its bytes were here before."""

    deduplicated: bool = Field(description="The bytes belong to media that you could see already.")


class MediaChange(Wire):
    """What to say about media from now on; fields that are left out stay."""

    name: Name | None = None
    alt_text: Text | None = None
    caption: Text | None = None
    description: Text | None = None
    tags: Tags | None = None
    bucket: BucketName | None = None
    project_id: ProjectId | None = None
    visibility: Visibility | None = None
    metadata: Metadata | None = None
    crop: CropOfMedia | None = Field(
        default=None, description="Null shows all of it. A change ends the `/i/` addresses."
    )
    focal_point: FocalPointOfMedia | None = Field(
        default=None, description="Null is the middle. A change ends the `/i/` addresses."
    )
    title: Name | None = Field(default=None, description="Legacy: `name`.")
    is_public: bool | None = Field(default=None, description="Legacy: `visibility`.")

    def changes(self) -> dict[str, Any]:
        """The columns to set; a new name of a field wins over an old one."""
        given = self.model_dump(exclude_unset=True, by_alias=False)
        changes = self.metadata.fields() if self.metadata else {}
        if "title" in given:
            changes["name"] = given.pop("title")
        if "is_public" in given:
            changes["visibility"] = "public" if given.pop("is_public") else "private"
        changes |= given
        return {
            name: new for name, new in changes.items() if new is not None or name in _FORGETTABLE
        }


_FORGETTABLE = frozenset({"project_id", "crop", "focal_point"})


@dataclass(frozen=True, slots=True)
class Showing:
    """How media is shown to one caller."""

    addresses: Addresses
    caller: Caller

    def show(self, media: Media) -> MediaOut:
        return MediaOut(**self.fields(media))

    def show_in_full(self, media: Media) -> MediaInFull:
        fields = self.fields(media)
        return MediaInFull(**fields, srcset=self._srcset(media, fields["variants"]))

    def added(self, media: Media, *, deduplicated: bool) -> AddedMedia:
        return AddedMedia(**self.fields(media), deduplicated=deduplicated)

    def fields(self, media: Media) -> dict[str, Any]:
        return {**self._today(media), **self._legacy(media)}

    def _today(self, media: Media) -> dict[str, Any]:
        same = {name: getattr(media, name) for name in _SAME}
        mine = may_change(self.caller, media.owner_id)
        return {
            **same,
            "owner_user_id": media.owner_id,
            "metadata": {
                **media.metadata,
                "title": media.name,
                "description": media.description,
                "tags": media.tags,
            },
            "thumbhash": media.thumbhash and base64.b64encode(media.thumbhash).decode(),
            "dominant_color": None if media.colour is None else f"#{media.colour:06x}",
            "sha256": media.digest.hex() if mine and media.digest else None,
            "url": self._reachable(media, self.addresses.stable(media.id)),
            "variants": self._variants(media),
        }

    def _variants(self, media: Media) -> dict[str, dict[str, str]]:
        if media.state == "unreadable":
            return {}
        return {
            preset.name: {form: self._variant(media, preset, form) for form in FORMATS}
            for preset in self.addresses.presets
        }

    def _variant(self, media: Media, preset: Preset, form: Format) -> str:
        address = self.addresses.immutable(media.token, f"{preset.name}.{form}")
        return self._reachable(media, address)

    def _srcset(self, media: Media, variants: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Offer every width that differs; shapes are other pictures, and not offered."""
        shown = max(1, round(media.width * (media.crop["width"] if media.crop else 1)))
        presets = [preset for preset in self.addresses.presets if preset.height is None]
        widths = {min(p.width, shown): p.name for p in sorted(presets, key=lambda p: -p.width)}
        if not variants:
            return {}
        return {
            form: ", ".join(f"{variants[widths[w]][form]} {w}w" for w in sorted(widths))
            for form in FORMATS
        }

    def _legacy(self, media: Media) -> dict[str, Any]:
        url = self._reachable(media, self.addresses.stable(media.id))
        original = self._reachable(media, self.addresses.immutable(media.token, "original"))
        owner = media.owner_id or "service"
        return {
            "image_url": url,
            "thumbnail_url": self._thumbnail(media),
            "public_url": url if media.visibility == "public" else None,
            "original_url": original,
            "storage_path": f"{media.bucket}/{owner}/{media.id}/{media.file_name}",
            "user_id": media.owner_id,
            "file_name": media.file_name,
            "file_size": media.size_bytes,
            "mime_type": media.media_type,
            "is_public": media.visibility == "public",
            "source": media.source_type,
            "prompt": media.metadata.get("prompt"),
            "title": media.name,
        }

    def _thumbnail(self, media: Media) -> str:
        smallest = min(self.addresses.presets, key=lambda preset: preset.width)
        preset = None if media.state == "unreadable" else smallest.name
        return self._reachable(media, self.addresses.stable(media.id, preset))

    def _reachable(self, media: Media, address: str) -> str:
        """Public media needs no signature; everything else is signed for this reader."""
        if media.visibility == "public":
            return address
        return self.addresses.signed_for_lists(address)


_SAME = (
    "id", "state", "name", "alt_text", "caption", "description", "tags", "bucket", "project_id",
    "source_type", "enhancement_type", "original_media_id", "visibility", "media_type", "width",
    "height", "size_bytes", "attribution", "crop", "focal_point", "created_at", "updated_at",
    "deleted_at",
)  # fmt: skip
