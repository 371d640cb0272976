"""A job is a frozen dataclass; deferring it writes a row into the caller's transaction."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar
from uuid import UUID

from procrastinate import App, PsycopgConnector
from procrastinate.schema import SchemaManager, migrations_path
from procrastinate.types import JSONValue

from calotype.database import Caller, Migration, Part, Transaction

_AFTER = "_post_"


@dataclass(frozen=True, slots=True)
class Job:
    """Work for later: a name, `slice:verb`, and the few plain values that the work needs."""

    name: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Jobs:
    """The queue, in the same PostgreSQL as everything else."""

    app: App

    @classmethod
    def to_defer(cls) -> "Jobs":
        """A queue that needs no connection of its own, because every job has a transaction's."""
        return cls(App(connector=PsycopgConnector()))

    async def defer(self, tx: Transaction, job: Job, *, in_seconds: int = 0) -> None:
        """Add *job*; it exists if, and only if, *tx* commits, and runs as *tx*'s caller."""
        later = {"schedule_in": {"seconds": in_seconds}} if in_seconds else {}
        deferrer = self.app.configure_task(
            job.name, allow_unknown=True, connection=tx.connection, **later
        )
        await deferrer.defer_async(caller=_to_json(tx.caller), **_plain(job))


def _plain(job: Job) -> dict[str, Any]:
    values = asdict(job)
    return {key: str(value) if isinstance(value, UUID) else value for key, value in values.items()}


def _to_json(caller: Caller) -> dict[str, JSONValue]:
    return {
        "role": caller.role,
        "tenant": str(caller.tenant) if caller.tenant else None,
        "person": str(caller.person) if caller.person else None,
    }


def procrastinate_part() -> Part:
    """The schema `procrastinate`, whose statements come with the library."""
    files = sorted(migrations_path.glob("*.sql"))
    steps = tuple(
        Migration(file.stem, "after" if _AFTER in file.name else "before", file.read_text())
        for file in files
    )
    return Part("procrastinate", SchemaManager.get_schema(), steps)
