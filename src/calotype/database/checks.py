"""Checks: queries that find nothing while all is well."""

from dataclasses import dataclass
from typing import Literal, LiteralString

from calotype.database.connection import Snapshot

Severity = Literal["warning", "danger"]
_SHOWN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCheck:
    """A query whose first column names what is wrong, and a statement that mends it.

    The repair looks at each row anew, so that it may run at any time and twice.
    """

    code: str
    severity: Severity
    message: str
    query: LiteralString
    repair: LiteralString | None = None

    async def find(self, snapshot: Snapshot) -> list[str]:
        cursor = await snapshot.connection.execute(self.query)
        return [str(row[0]) for row in await cursor.fetchmany(_SHOWN)]


DATABASE_CHECKS = (
    RowCheck(
        code="table-open",
        severity="danger",
        message="Row-level security is not forced on this table.",
        query="""
        select c.oid::regclass from pg_class c
        where c.relnamespace = 'calotype'::regnamespace and c.relkind in ('r', 'p')
            and not (c.relrowsecurity and c.relforcerowsecurity)
            and exists (select from pg_attribute a where a.attrelid = c.oid
                and a.attname in ('tenant_id', 'scope_id') and not a.attisdropped)
        """,
    ),
    RowCheck(
        code="role-too-strong",
        severity="danger",
        message="This role may pass over row-level security, or owns tables, and should not.",
        query="""
        select rolname from pg_roles
        where (rolname in ('calotype_app', 'calotype_system') or rolname = session_user)
            and (rolsuper or rolbypassrls)
        union
        select tableowner from pg_tables
        where schemaname = 'calotype' and tableowner in ('calotype_app', 'calotype_system')
        """,
    ),
    RowCheck(
        code="roles-missing",
        severity="warning",
        message="The server does not let calotype have roles of its own: one role does everything,"
        " held back by forced policies only.",
        query="""
        select 'calotype_app' where not exists
            (select from pg_roles where rolname = 'calotype_app')
        """,
    ),
    RowCheck(
        code="perceptual-hash-unique",
        severity="danger",
        message="A unique index on a perceptual hash would drop pictures that only look alike.",
        query="""
        select i.indexrelid::regclass from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
        join pg_class c on c.oid = i.indrelid and c.relnamespace = 'calotype'::regnamespace
        where i.indisunique and a.attname ~ '^(p|d|a|w)_?hash$|fingerprint'
        """,
    ),
)
