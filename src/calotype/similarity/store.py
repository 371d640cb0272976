"""The tables `fingerprints` and `fingerprint_bands`; one function, one statement."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, LiteralString
from uuid import UUID

from calotype.database import Snapshot, Transaction, execute, rows, value
from calotype.imaging import Fingerprint
from calotype.similarity.banding import bits_of, keys, place_of, tile_keys
from calotype.similarity.model import Near

_NAMES = tuple(field.name for field in fields(Fingerprint))
_COLUMNS: LiteralString = """algorithm, width, height, phash, dhash, turned, tiles, small, quality,
    thumbhash, colour"""


@dataclass(frozen=True, slots=True)
class _Row:
    """A fingerprint as the database has it."""

    original_id: UUID
    algorithm: int
    width: int
    height: int
    phash: bytes
    dhash: bytes
    turned: list[bytes]
    tiles: list[bytes]
    small: bytes
    quality: int
    thumbhash: bytes
    colour: int

    def fingerprint(self) -> Fingerprint:
        values: dict[str, Any] = {name: getattr(self, name) for name in _NAMES}
        values |= {"turned": tuple(self.turned), "tiles": tuple(self.tiles)}
        return Fingerprint(**values)


@dataclass(frozen=True, slots=True)
class Overdue:
    """An original whose fingerprint is missing or old."""

    id: UUID
    scope_id: UUID


def own_scope(snapshot: Snapshot) -> UUID:
    """The scope that the caller searches: nobody looks for pictures without a tenant."""
    assert snapshot.caller.tenant is not None
    return snapshot.caller.tenant


async def add(tx: Transaction, original: UUID, fingerprint: Fingerprint, *, hub: bool) -> None:
    """Write a fingerprint down, in the place of an older one; searches find it unless it is a hub.

    One statement, because this is what every new picture waits for.
    """
    values: dict[str, Any] = {name: getattr(fingerprint, name) for name in _NAMES}
    scope = own_scope(tx)
    values |= {
        "turned": list(fingerprint.turned),
        "tiles": list(fingerprint.tiles),
        "original": original,
        "scope": scope,
        "hub": hub,
        "place": f"{place_of(scope):016b}",
        "bits": bits_of(fingerprint.phash),
        "keys": tile_keys(scope, fingerprint.tiles),
    }
    await execute(tx, _ADD, values)


_ADD: LiteralString = (
    "with noted as (insert into fingerprints (original_id, scope_id, hub, "
    + _COLUMNS
    + """)
        select id, scope_id, %(hub)s, %(algorithm)s, %(width)s, %(height)s, %(phash)s, %(dhash)s,
            %(turned)s::bytea[], %(tiles)s::bytea[], %(small)s, %(quality)s, %(thumbhash)s,
            %(colour)s
        from originals where id = %(original)s and scope_id = %(scope)s
        on conflict (original_id) do update set algorithm = excluded.algorithm,
            width = excluded.width, height = excluded.height, phash = excluded.phash,
            dhash = excluded.dhash, turned = excluded.turned, tiles = excluded.tiles,
            small = excluded.small, quality = excluded.quality, thumbhash = excluded.thumbhash,
            colour = excluded.colour, hub = excluded.hub, noted_at = now()
        returning original_id, scope_id, hub
    ), banded as (
        insert into fingerprint_bands (original_id, scope_id, place, bits)
        select original_id, scope_id, %(place)s::bit(16), %(bits)s::bit(256) from noted where not hub
        on conflict (original_id) do update set bits = excluded.bits
    )
    insert into fingerprint_tiles (original_id, scope_id, keys)
    select original_id, scope_id, %(keys)s::bigint[] from noted where not hub
    on conflict (original_id) do update set keys = excluded.keys
    """
)


async def remove_bands(tx: Transaction, original: UUID) -> None:
    query = "delete from fingerprint_bands where original_id = %(original)s"
    await execute(tx, query, {"original": original})


async def remove_tiles(tx: Transaction, original: UUID) -> None:
    query = "delete from fingerprint_tiles where original_id = %(original)s"
    await execute(tx, query, {"original": original})


async def find(snapshot: Snapshot, original: UUID) -> Fingerprint | None:
    found = await list_fingerprints(snapshot, [original])
    return found.get(original)


async def list_fingerprints(
    snapshot: Snapshot, originals: Sequence[UUID]
) -> dict[UUID, Fingerprint]:
    found = await rows(
        snapshot,
        _Row,
        "select original_id, " + _COLUMNS + " from fingerprints where original_id = any(%(ids)s)",
        {"ids": list(originals)},
    )
    return {row.original_id: row.fingerprint() for row in found}


async def list_near(snapshot: Snapshot, phash: bytes, radius: int, limit: int) -> list[Near]:
    """Originals of the caller's tenant within *radius*, nearest first; none is missed."""
    bits = bits_of(phash)
    return await rows(
        snapshot,
        Near,
        "select original_id, distance"
        " from find_alike(%(bits)s::bit(256), %(radius)s, %(keys)s::integer[], %(limit)s)",
        {
            "bits": bits,
            "radius": radius,
            "keys": keys(own_scope(snapshot), bits, radius),
            "limit": limit,
        },
    )


async def list_sharing(
    snapshot: Snapshot, keys: Sequence[int], fewest: int, limit: int
) -> list[UUID]:
    """Originals of the caller's tenant that share most of *keys*, and *fewest* at least."""
    cursor = await snapshot.connection.execute(
        "select original_id from find_sharing(%(keys)s::bigint[], %(fewest)s, %(limit)s)",
        {"keys": list(keys), "fewest": fewest, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def list_overdue(snapshot: Snapshot, algorithm: int, limit: int) -> list[Overdue]:
    """Originals that can be read and have no fingerprint of this *algorithm* yet."""
    return await rows(
        snapshot,
        Overdue,
        """
        select o.id, o.scope_id from originals o
        left join fingerprints f on f.original_id = o.id and f.algorithm >= %(algorithm)s
        where o.state = 'live' and o.readable and f.original_id is null
            and o.changed_at < now() - interval '10 minutes'
        order by o.id limit %(limit)s
        """,
        {"algorithm": algorithm, "limit": limit},
    )


async def list_hubs(snapshot: Snapshot, after: UUID | None, limit: int) -> list[UUID]:
    """Originals that match so many others that they say nothing."""
    cursor = await snapshot.connection.execute(
        "select original_id from fingerprints where hub and scope_id = current_tenant()"
        " and (%(after)s::uuid is null or original_id < %(after)s)"
        " order by original_id desc limit %(limit)s",
        {"after": after, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def count_hubs(snapshot: Snapshot) -> int:
    query = "select count(*) from fingerprints where hub and scope_id = current_tenant()"
    return await value(snapshot, query, {})


async def is_hub(snapshot: Snapshot, original: UUID) -> bool:
    query = "select hub from fingerprints where original_id = %(original)s"
    return bool(await value(snapshot, query, {"original": original}))
