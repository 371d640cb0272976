"""`keys create`, `keys list` and `keys revoke`."""

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from calotype.accounts.commands import create_key, list_keys, revoke_key
from calotype.cli.installation import data_option, in_house, in_new_house


@click.group()
def keys() -> None:
    """API keys."""


@keys.command("create")
@data_option
@click.option("--tenant", default="default", show_default=True, help="Whose key; made if missing.")
@click.option(
    "--role", type=click.Choice(["viewer", "editor", "admin", "curator", "service"]), required=True
)
@click.option("--name", default="", help="What it is for.")
def keys_create(data: Path | None, tenant: str, role: Any, name: str) -> None:
    """Make a key and print its secret, once."""
    made = in_new_house(data, lambda h: create_key(h.accounts, tenant=tenant, role=role, name=name))
    click.echo(made.secret)
    click.echo(f"Key {made.key.id} ({made.key.role}); the line above is shown only now.", err=True)


@keys.command("list")
@data_option
@click.option("--tenant", help="Only the keys of this tenant.")
def keys_list(data: Path | None, tenant: str | None) -> None:
    """List keys, without their secrets."""
    for key in in_house(data, lambda house: list_keys(house.accounts, tenant=tenant)):
        state = "revoked" if key.revoked_at else "good"
        tenant_of_key = key.tenant_slug or "any tenant"
        click.echo(f"{key.id}  {key.role:8} {state:8} {tenant_of_key:16} {key.name}")


@keys.command("revoke")
@data_option
@click.argument("key_id", type=click.UUID)
def keys_revoke(data: Path | None, key_id: UUID) -> None:
    """Revoke a key; it is refused from the next request on."""
    in_house(data, lambda house: revoke_key(house.accounts, key_id))
    click.echo(f"Key {key_id} is revoked.")
