"""A backup holds one moment of all that cannot be made anew; a restore takes a whole backup or changes nothing."""

import shutil
import sqlite3
import threading
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest
from fake_backend import ANSWER
from small_site import LoadedModels, ask, ingest, search

from rag.backup import back_up
from rag.cli import run
from rag.conversations import Conversations
from rag.errors import ConfigurationError, InputError
from rag.manifest import FILE, Manifest
from rag.owner import Owner
from rag.pseudonyms import Pseudonyms
from rag.restore import STAGING, refusal, restore
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings

# A database in PostgreSQL has backups of its own.
pytestmark = pytest.mark.sqlite_alone


@pytest.fixture
def settings(tmp_path: Path, runtime: Runtime, site: Path) -> Settings:
    """Of a data folder with two articles, one turn and a key, whose runtime is still open."""
    ingest(runtime, site)
    ask(runtime, "Hello!")
    Pseudonyms.open(tmp_path / "data")
    return runtime.settings


@pytest.fixture
def source(settings: Settings, tmp_path: Path) -> Path:
    back_up(settings, tmp_path / "backup")
    return tmp_path / "backup"


def empty(tmp_path: Path) -> Settings:
    (tmp_path / "other").mkdir(exist_ok=True)
    return Settings(data_dir=str(tmp_path / "other"))


def turns(settings: Settings) -> int:
    with closing(sqlite3.connect(settings.data_path / "conversations.db")) as database:
        return int(database.execute("SELECT count(*) FROM messages").fetchone()[0])


def rewrite(source: Path, **changes: object) -> None:
    manifest = msgspec.json.decode((source / FILE).read_bytes(), type=Manifest)
    (source / FILE).write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, **changes)))


def test_a_backup_holds_the_databases_and_the_key_and_nothing_that_is_made_anew(source: Path) -> None:
    assert sorted(file.name for file in source.iterdir()) == [
        "catalog.db",
        "conversations.db",
        "manifest.json",
        "pseudonym.key",
    ]
    assert source.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o077 == 0 for file in source.iterdir() if file.name != FILE)


def test_what_is_restored_answers_and_knows_the_conversation(
    source: Path, tmp_path: Path, loaded: LoadedModels
) -> None:
    there = empty(tmp_path)
    assert restore(there, source, may_replace=False) is None
    with closing(open_runtime(there)) as opened:
        assert search(opened, "heron").hits[0].path == "b.md"
    assert turns(there) == 1
    assert (there.data_path / "pseudonym.key").read_bytes() == (source / "pseudonym.key").read_bytes()


def test_all_databases_are_of_one_moment(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag import backup

    begun = backup._begun
    seen = []

    def begin_and_write(file: Path) -> sqlite3.Connection:
        """Each database is written to right after its transaction began."""
        connection = begun(file)
        seen.append(file.name)
        if file.name == "conversations.db":
            with closing(Conversations.open(settings.conversations_url)) as conversations:
                conversations.append(ANSWER)
        return connection

    monkeypatch.setattr(backup, "_begun", begin_and_write)
    back_up(settings, tmp_path / "backup")
    there = empty(tmp_path)
    restore(there, tmp_path / "backup", may_replace=False)
    assert seen == ["catalog.db", "conversations.db"]
    assert (turns(there), turns(settings)) == (1, 2)


def test_a_backup_while_others_write_is_whole(settings: Settings, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with closing(Conversations.open(settings.conversations_url)) as conversations:
            for number in range(100_000):
                if stop.is_set():
                    return
                conversations.append(msgspec.structs.replace(ANSWER, message_id=f"m{number}"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            back_up(settings, tmp_path / f"backup-{number}")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        (tmp_path / f"{number}").mkdir()
        restore(Settings(data_dir=str(tmp_path / f"{number}")), tmp_path / f"backup-{number}", may_replace=False)


def test_a_folder_that_is_in_use_is_not_written_to(settings: Settings, source: Path) -> None:
    before = (source / FILE).read_bytes()
    with pytest.raises(InputError, match="is there already"):
        back_up(settings, source)
    assert (source / FILE).read_bytes() == before


def test_without_an_index_or_with_a_database_elsewhere_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="KILDE_DATA_DIR"):
        back_up(Settings(data_dir=str(tmp_path / "none")), tmp_path / "backup")
    with pytest.raises(ConfigurationError, match="pg_dump"):
        back_up(Settings(database_url="postgresql://db/kilde"), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("name", ["catalog.db", "conversations.db", "pseudonym.key"])
def test_a_backup_with_one_wrong_bit_is_refused_and_changes_nothing(source: Path, tmp_path: Path, name: str) -> None:
    content = bytearray((source / name).read_bytes())
    content[len(content) // 2] ^= 1
    (source / name).write_bytes(content)
    with pytest.raises(InputError, match=f"damaged: {name}"):
        restore(empty(tmp_path), source, may_replace=False)
    assert list((tmp_path / "other").iterdir()) == []


def test_a_backup_that_lacks_a_file_or_its_manifest_is_refused(source: Path, tmp_path: Path) -> None:
    (source / "pseudonym.key").unlink()
    with pytest.raises(InputError, match=r"pseudonym\.key is missing"):
        restore(empty(tmp_path), source, may_replace=False)
    (source / FILE).write_text("{}")
    with pytest.raises(InputError, match="damaged"):
        restore(empty(tmp_path), source, may_replace=False)
    (source / FILE).unlink()
    with pytest.raises(InputError, match="is no backup"):
        restore(empty(tmp_path), source, may_replace=False)


def test_a_manifest_that_names_a_file_elsewhere_is_refused(source: Path, tmp_path: Path) -> None:
    manifest = msgspec.json.decode((source / FILE).read_bytes(), type=Manifest)
    rewrite(source, files={"../stolen": next(iter(manifest.files.values()))})
    with pytest.raises(InputError, match="is no name of a file"):
        restore(empty(tmp_path), source, may_replace=False)


@pytest.mark.parametrize("changes", [{"kilde": "99.0.0"}, {"format": 2}])
def test_a_backup_of_a_newer_version_is_refused(source: Path, tmp_path: Path, changes: dict[str, object]) -> None:
    rewrite(source, **changes)
    with pytest.raises(InputError, match=rf"this is {version('kilde')}. Update Kilde first"):
        restore(empty(tmp_path), source, may_replace=False)


def test_a_database_that_only_a_newer_version_knows_is_refused_and_changes_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(settings.data_path / "catalog.db")) as database, database:
        database.execute("UPDATE catalog_version SET version_num = '9999'")
    back_up(settings, tmp_path / "backup")
    with pytest.raises(ConfigurationError, match="another version of Kilde"):
        restore(empty(tmp_path), tmp_path / "backup", may_replace=False)
    assert list((tmp_path / "other").iterdir()) == []


def test_a_folder_with_state_is_left_alone_unless_it_may_be_put_aside(
    settings: Settings, source: Path, runtime: Runtime
) -> None:
    ask(runtime, "Hello!")
    runtime.close()
    with pytest.raises(InputError, match="--force"):
        restore(settings, source, may_replace=False)
    assert turns(settings) == 2
    aside = restore(settings, source, may_replace=True)
    assert aside is not None
    assert turns(settings) == 1
    assert turns(Settings(data_dir=str(aside))) == 2
    assert (aside / "chroma").is_dir()
    assert not (settings.data_path / "chroma").exists()


def test_a_restore_that_broke_off_in_the_middle_keeps_the_folder_from_being_opened(
    settings: Settings, source: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.close()

    def fail(self: Path, target: Path) -> None:
        raise OSError("no space left")

    rename = Path.rename
    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(Exception, match="broken off"):
        restore(settings, source, may_replace=True)
    with pytest.raises(ConfigurationError, match="broken off"):
        open_runtime(settings)
    monkeypatch.setattr(Path, "rename", rename)
    restore(settings, source, may_replace=True)
    assert refusal(settings.data_path) is None
    assert not (settings.data_path / STAGING).exists()


def test_the_commands_say_what_they_did_and_a_running_service_keeps_its_folder(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_DATA_DIR", settings.data_dir)
    with Owner.acquire(settings.data_path):
        assert run(["backup", str(tmp_path / "backup")]) == 0
        assert "catalog.db, conversations.db, pseudonym.key" in capsys.readouterr().out
        assert run(["restore", str(tmp_path / "backup"), "--force"]) == 2
    monkeypatch.setenv("KILDE_DATA_DIR", str(tmp_path / "fresh"))
    assert run(["restore", str(tmp_path / "backup")]) == 0
    assert run(["restore", str(tmp_path / "backup")]) == 3
    assert run(["backup", str(tmp_path / "again"), "--json"]) == 0
    shutil.rmtree(tmp_path / "again")
