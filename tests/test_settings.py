"""Settings: from the environment, from a file `.env` beside it, and their defaults."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from calotype.settings import SecretKeysEmpty, SettingsRefused, read_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, without any setting of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("CALOTYPE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_called_env_is_read(elsewhere: Path):
    (elsewhere / ".env").write_text("CALOTYPE_TRASH_DAYS=3\nCALOTYPE_SERVICE_KEY='a key'\n")
    settings = read_settings()
    assert (settings.trash_days, settings.service_key) == (3, "a key")


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    (elsewhere / ".env").write_text("CALOTYPE_DATA=one\nCALOTYPE_MAX_UPLOAD=1MB\nOTHER=thing\n")
    monkeypatch.setenv("CALOTYPE_MAX_UPLOAD", "2MB")
    monkeypatch.setenv("CALOTYPE_TRASH_DAYS", "")
    settings = read_settings(data=Path("two"))
    assert (settings.max_upload, settings.data) == (2_000_000, Path("two"))
    assert settings.trash_days == 30


def test_bytes_wait_a_day_and_media_a_month_unless_told_otherwise():
    settings = read_settings()
    assert settings.orphan_grace == timedelta(hours=24)
    assert settings.trash_days == 30


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("24", 86400), ("24h", 86400), ("90m", 5400), ("30s", 30), ("2 d", 172800)],
)
def test_a_grace_time_has_a_unit_or_is_in_hours(
    monkeypatch: pytest.MonkeyPatch, text: str, seconds: int
):
    monkeypatch.setenv("CALOTYPE_ORPHAN_GRACE", text)
    assert read_settings().orphan_grace == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("name", "text", "advice"),
    [
        ("CALOTYPE_ORPHAN_GRACE", "soon", "say how long, as in `24h`"),
        ("CALOTYPE_MAX_UPLOAD", "big", "say how much, as in `256MB`"),
        ("CALOTYPE_LOG_LEVEL", "loud", "'debug', 'info'"),
    ],
)
def test_a_refused_setting_is_called_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, advice: str
):
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingsRefused) as refused:
        read_settings()
    assert f"cannot be accepted: {name}: " in str(refused.value)
    assert advice in str(refused.value)


def test_every_refused_setting_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CALOTYPE_TRASH_DAYS", "-1")
    monkeypatch.setenv("CALOTYPE_DATABASE_CONNECTIONS", "many")
    with pytest.raises(SettingsRefused, match="CALOTYPE_TRASH_DAYS: ") as refused:
        read_settings()
    assert "CALOTYPE_DATABASE_CONNECTIONS: " in str(refused.value)


def test_settings_do_not_show_secrets():
    shown = repr(
        read_settings(
            service_key="hidden", secret_keys="hidden", storage_url="s3://hidden@bucket",
            database_url="postgresql://a:hidden@b", database_owner_url="postgresql://a:hidden@b",
            database_direct_url="postgresql://a:hidden@b",
        )
    )  # fmt: skip
    assert "orphan_grace" in shown
    assert "hidden" not in shown


def test_keys_are_made_once_and_for_their_owner_only(elsewhere: Path):
    keys = read_settings(data=elsewhere).signing_keys
    assert len(keys) == 1
    assert read_settings(data=elsewhere).signing_keys == keys
    assert [(f.name, f.stat().st_mode & 0o777) for f in elsewhere.iterdir()] == [
        ("secret-keys", 0o600)
    ]


def test_an_empty_file_of_keys_is_refused(elsewhere: Path):
    (elsewhere / "secret-keys").write_text("\n")
    with pytest.raises(SecretKeysEmpty):
        _ = read_settings(data=elsewhere).signing_keys
