"""`POST /api/media`: a file arrives and becomes media."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import Field, ValidationError, field_validator

from calotype.http import (
    Asking,
    BodyTooLarge,
    Received,
    Wire,
    field_problems,
    provide,
    receive_form,
    responses,
)
from calotype.library import (
    MAIN_BUCKET,
    AddedMedia,
    Addresses,
    BucketName,
    Description,
    EditorsOnly,
    Media,
    Metadata,
    Name,
    ProjectId,
    Showing,
    Tags,
    Text,
    Visibility,
)
from calotype.uploads.errors import FieldsRefused
from calotype.uploads.service import Uploads, clean_file_name

router = APIRouter(prefix="/api", tags=["media"])

# Where bodies are streamed, and bounded by the largest upload instead of by the door.
FORMS = frozenset({("POST", "/api/media")})

_FORM_BYTES = 1 << 20


class UploadForm(Wire):
    """What may be said about a picture while it is sent."""

    name: Name | None = None
    alt_text: Text = ""
    caption: Text = ""
    bucket: BucketName = MAIN_BUCKET
    visibility: Visibility = "private"
    tags: Tags = Field(default_factory=list[str])
    metadata: Metadata = Field(default_factory=Metadata)
    project_id: ProjectId | None = None

    @field_validator("tags", mode="before")
    @classmethod
    def split_tags(cls, given: object) -> object:
        """Tags come as a JSON list or separated by commas."""
        if isinstance(given, str):
            text = given.strip()
            return _parsed(text) if text.startswith("[") else [t for t in text.split(",") if t]
        return given

    @field_validator("metadata", mode="before")
    @classmethod
    def parse_metadata(cls, given: object) -> object:
        return _parsed(given) if isinstance(given, str) else given

    def description(self, file_name: str) -> Description:
        """Say it in the words of the library; a field wins over its name in the metadata."""
        given = self.model_dump(exclude_unset=True, by_alias=False)
        said: dict[str, Any] = {**self.metadata.fields(), **given}
        said["tags"] = tuple(said.get("tags", ()))
        said.setdefault("name", clean_file_name(file_name))
        return Description(**said)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("this is nested too deep") from error


# What the fields refer to is described in the document already, because media can be changed.
_FIELDS = UploadForm.model_json_schema(ref_template="#/components/schemas/{model}")

_FORM_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "description": _FIELDS["description"],
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        **_FIELDS["properties"],
                    },
                }
            }
        },
    }
}


@router.post(
    "/media",
    status_code=201,
    summary="Upload a picture",
    response_model=AddedMedia,
    responses=responses(400, 403, 409, 413, 415, 422),
    openapi_extra=_FORM_SCHEMA,
)
async def upload(
    request: Request,
    caller: Asking,
    uploads: Annotated[Uploads, Depends(provide(Uploads))],
    addresses: Annotated[Addresses, Depends(provide(Addresses))],
    key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)] = None,
) -> JSONResponse:
    """Keep a picture and make it media; the same bytes are kept once, however often they come."""
    if not caller.may_edit:
        raise EditorsOnly
    _refuse_announced(request, uploads.limit_bytes)
    showing = Showing(addresses, caller)

    def show(media: Media, known: bool) -> dict[str, Any]:
        return showing.added(media, deduplicated=known).model_dump(mode="json", by_alias=True)

    async with receive_form(
        request, uploads.spool, limit_bytes=uploads.limit_bytes, lists={"tags"}
    ) as received:
        answer = await uploads.receive(caller, received, _described(received), key=key, show=show)
    return JSONResponse(dict(answer.body), answer.status)


def _refuse_announced(request: Request, limit_bytes: int) -> None:
    """Refuse a body that says itself that it is too large, before any of it is read."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes + _FORM_BYTES:
        raise BodyTooLarge


def _described(received: Received) -> Description:
    try:
        form = UploadForm.model_validate(received.fields)
    except ValidationError as error:
        raise FieldsRefused(field_problems(error.errors())) from error
    return form.description(received.file_name)
