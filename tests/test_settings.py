"""Settings come from the environment before the file, and what cannot be used is refused by name."""

from pathlib import Path

import pytest

from rag.errors import ConfigurationError
from rag.settings import Settings, load_settings


def load(folder: Path, toml: str = "", **environ: str) -> Settings:
    file = folder / "kilde.toml"
    if toml:
        file.write_text(toml, encoding="utf-8")
    return load_settings(environ, file)


def test_nothing_set_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_a_variable_sets_its_setting(tmp_path: Path) -> None:
    found = load(tmp_path, KILDE_DATA_DIR="/data", KILDE_PORT="9000", KILDE_EMBEDDING_MODEL="org/name")
    assert (found.data_dir, found.port, found.embedding_model) == ("/data", 9000, "org/name")


def test_the_file_takes_the_same_names_without_prefix(tmp_path: Path) -> None:
    assert load(tmp_path, 'port = 9001\nsite_url = "https://example.org"\n') == Settings(
        port=9001, site_url="https://example.org"
    )


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, "port = 9001\n", KILDE_PORT="9002").port == 9002


def test_an_empty_variable_sets_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, KILDE_PORT="", KILDE_ADMIN_KEY="") == Settings()


def test_other_variables_are_none_of_our_business(tmp_path: Path) -> None:
    assert load(tmp_path, PATH="/bin", MY_KILDE_PORT="1") == Settings()


@pytest.mark.parametrize(
    ("name", "value"), [("KILDE_PORT", "many"), ("KILDE_PORT", "80.5"), ("KILDE_PORT", "70000"), ("KILDE_PORT", "-1")]
)
def test_an_ill_formed_value_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match="port"):
        load(tmp_path, **{name: value})


def test_an_unknown_setting_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="prot"):
        load(tmp_path, KILDE_PROT="8000")
    with pytest.raises(ConfigurationError, match="prot"):
        load(tmp_path, "prot = 8000\n")


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe\x00"])
def test_a_file_that_is_no_toml_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kilde.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"kilde\.toml"):
        load_settings({}, tmp_path / "kilde.toml")


def test_a_key_of_digits_stays_text(tmp_path: Path) -> None:
    assert load(tmp_path, KILDE_ADMIN_KEY="12345").admin_key == "12345"


def test_the_model_lies_in_the_data_folder_unless_set(tmp_path: Path) -> None:
    assert Settings(data_dir=str(tmp_path)).model_path == tmp_path / "models"
    assert Settings(data_dir=str(tmp_path), model_dir="/models").model_path == Path("/models")


def test_the_home_folder_may_be_written_as_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/reader")
    assert Settings(data_dir="~/kilde").data_path == Path("/home/reader/kilde")


def test_a_variable_can_name_the_file_that_holds_its_value(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    assert load(tmp_path, KILDE_ADMIN_KEY_FILE=str(tmp_path / "secret")) == Settings(admin_key="s3cret")


def test_a_value_and_a_file_for_the_same_setting_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    with pytest.raises(ConfigurationError, match=r"KILDE_ADMIN_KEY and KILDE_ADMIN_KEY_FILE"):
        load(tmp_path, KILDE_ADMIN_KEY="other", KILDE_ADMIN_KEY_FILE=str(tmp_path / "secret"))


def test_a_file_that_cannot_be_read_is_refused_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"KILDE_ADMIN_KEY_FILE names .*nowhere"):
        load(tmp_path, KILDE_ADMIN_KEY_FILE=str(tmp_path / "nowhere"))


def test_a_file_for_what_is_no_setting_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="prot_file"):
        load(tmp_path, KILDE_PROT_FILE="anything")


@pytest.mark.parametrize(("name", "value"), [("KILDE_CHROMA_URL", "chroma:8000"), ("KILDE_DRAIN_S", "-1")])
def test_an_engine_that_cannot_be_reached_so_is_refused_before_anything_is_opened(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(ConfigurationError, match=name.removeprefix("KILDE_").lower() + "|" + name):
        load(tmp_path, **{name: value})
