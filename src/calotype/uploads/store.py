"""The table `uploads`; one function, one statement."""

from uuid import UUID

from calotype.database import Transaction, execute


async def add_done(
    tx: Transaction, upload: UUID, *, file_name: str, size_bytes: int, media: UUID
) -> None:
    await execute(
        tx,
        """
        insert into uploads (id, tenant_id, principal, file_name, size_bytes, state, media_id)
        values (%(id)s, current_tenant(), current_person(), %(name)s, %(size)s, 'done', %(media)s)
        """,
        {"id": upload, "name": file_name, "size": size_bytes, "media": media},
    )
