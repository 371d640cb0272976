"""Every setting, its meaning and its default; read here, handed down as values."""

import os
import re
import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from calotype.errors import Invalid
from calotype.renditions import PRESETS, Preset, presets_with

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_UNIT_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_SECRET_BYTES = 32


def _split(given: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in given.split(",") if part.strip())


def _words(given: object) -> object:
    return _split(given) if isinstance(given, str) else given


def _duration(given: object) -> object:
    """`24h`, `90m`, `30s`, `2d`; a bare number is hours."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(given).strip())
    if match is None:
        if isinstance(given, str):
            raise ValueError("say how long, as in `24h`, `90m`, `30s` or `2d`")
        return given
    return timedelta(seconds=float(match[1]) * _UNIT_SECONDS[match[2] or "h"])


def _size(given: object) -> object:
    """`256MB`, `2g`, or a number of bytes."""
    match = re.fullmatch(r"(\d+)\s*([kmg]?)b?", str(given).strip().lower())
    if match is None:
        raise ValueError("say how much, as in `256MB` or `2g`")
    return int(match[1]) * _UNIT_BYTES[match[2]]


def _presets(given: object) -> object:
    return presets_with(_split(given)) if isinstance(given, str) else given


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Presets = Annotated[tuple[Preset, ...], NoDecode, BeforeValidator(_presets)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Size = Annotated[int, BeforeValidator(_size)]


class SecretKeysEmpty(Invalid):
    """The file of secret keys is empty: put them back, or remove it to have a new one made."""


class SettingsRefused(Invalid):
    """The settings cannot be accepted."""


class Settings(BaseSettings):
    """What an installation may decide; each is the variable `CALOTYPE_` and its name."""

    model_config = SettingsConfigDict(
        env_prefix="CALOTYPE_", env_file=".env", extra="ignore", env_ignore_empty=True
    )

    data: Path = Field(
        default=Path("calotype-data"),
        description="The folder for everything that calotype keeps on this machine.",
    )
    database_url: str | None = Field(
        default=None,
        repr=False,
        description="PostgreSQL 15 or newer; without it calotype runs one in the data folder.",
    )
    database_owner_url: str | None = Field(
        default=None,
        repr=False,
        description="The login that owns the schema and migrates it; `database_url` by default.",
    )
    database_direct_url: str | None = Field(
        default=None,
        repr=False,
        description="Past a pooler, for the worker, which listens; `database_url` by default.",
    )
    storage_url: str | None = Field(
        default=None,
        repr=False,
        description="Where originals lie: `file:///...`, `s3://bucket/prefix`, `gs://`, `az://`,"
        " `webdav+https://`, `memory://`; the folder `objects` in the data folder by default.",
    )
    secret_keys: Words = Field(
        default=(),
        repr=False,
        description="Comma list; the first signs addresses, all are accepted. Made and kept in"
        " the data folder by default; set it where more than one machine serves.",
    )
    service_key: str | None = Field(
        default=None,
        repr=False,
        description="A key for automation, with the role `service`.",
    )
    public_url: str = Field(
        default="", description="The address that people use, such as https://pictures.example."
    )
    trusted_proxies: Words = Field(
        default=(), description="Comma list of addresses whose X-Forwarded headers are believed."
    )
    cors_origins: Words = Field(
        default=(), description="Comma list of sites whose pages may call the API."
    )
    max_upload: Size = Field(default=256_000_000, description="The largest file, as in `256MB`.")
    orphan_grace: Duration = Field(
        default=timedelta(hours=24),
        description="How long bytes that nobody refers to are kept: `24h`, `90m`; 0 is allowed.",
    )
    trash_days: float = Field(
        default=30, ge=0, description="How long deleted media can be restored; 0 is at once."
    )
    near_distance: int = Field(
        default=5, ge=0, le=31,
        description="In how many of 256 bits the hashes of near duplicates may differ.",
    )  # fmt: skip
    presets: Presets = Field(
        default=PRESETS,
        description="More sizes, or others: a comma list such as `banner:1600, square:400x400`, in"
        " pixels; with a height, what does not fit the shape is cut off.",
    )
    renditions: Literal["lazy", "eager"] = Field(
        default="lazy",
        description="When the sizes of a picture are made: when first asked for, or all of them"
        " after the upload.",
    )
    hot_memory: Size = Field(
        default=64_000_000,
        description="How many bytes of often wanted pictures each API process remembers.",
    )
    accel: Literal["nginx"] | None = Field(
        default=None,
        description="The server in front that sends files of the folder store itself: `nginx`, set"
        " up as in `deploy/nginx.conf`.",
    )
    database_connections: int = Field(
        default=8, ge=2, le=100, description="Connections of one API process, at most."
    )
    jwks_url: str | None = Field(
        default=None, description="Where an outside issuer of tokens publishes its keys."
    )
    jwt_issuer: str = Field(default="", description="The issuer of outside tokens.")
    jwt_audience: str = Field(default="calotype", description="Whom outside tokens are for.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged."
    )

    @property
    def objects_url(self) -> str:
        return self.storage_url or f"file://{(self.data / 'objects').resolve()}"

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """The secret keys; without a setting, those that the data folder keeps."""
        return self.secret_keys or _kept_keys(self.data)


def _kept_keys(folder: Path) -> tuple[str, ...]:
    """Read the keys of *folder*; whoever comes first makes them."""
    file = folder / "secret-keys"
    folder.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        _make_keys(file)
    keys = tuple(file.read_text().split())
    if not keys:
        raise SecretKeysEmpty(str(file))
    return keys


def _make_keys(file: Path) -> None:
    """Make the first key, on disk as a whole before anything is signed with it."""
    draft = file.with_name(f".secret-keys-{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    try:
        with draft.open("w") as opened:
            opened.write(secrets.token_urlsafe(_SECRET_BYTES))
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
    _sync(file.parent)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def read_settings(**given: Any) -> Settings:
    """Read the environment; what the command line gave wins."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise SettingsRefused(_in_words(error)) from error


def _in_words(error: ValidationError) -> str:
    """Name the variable of each refused setting, and say why."""
    prefix = Settings.model_config.get("env_prefix", "")
    said = [
        f"{prefix}{each['loc'][0]}".upper() + f": {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors()
    ]
    return f"The settings cannot be accepted: {'; '.join(said)}"
