"""Settings: environment variables ``KILDE_…``, or those names without prefix in ``kilde.toml``.

Read once, by ``load_settings()``, in ``main()`` or ``create_app()``. ``KILDE_…_FILE`` names the file that holds a
value. An unknown or ill-formed setting is refused by name.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from index.server_address import ServerAddress, parse_server
from rag.errors import ConfigurationError
from rag.rates import Rate, parse_rate
from rag.sites import Sites, parse_sites
from rag.visitors import parse_proxies

PREFIX = "KILDE_"
FROM_FILE = "_file"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can be set. The table in docs/settings.md is held against this record by a test."""

    data_dir: str = ".kilde"
    """The one folder that holds all state that no other setting puts elsewhere."""
    model_dir: str | None = None
    """Where the bundled model is unpacked; default: ``models`` in the data folder."""
    embedding_model: str = "bundled"
    """``bundled``, or a sentence-transformers name or folder."""
    embedding_url: str | None = None
    """Endpoint that embeds: OpenAI-compatible, up to where ``/embeddings`` is appended, or TEI's ``/embed``."""
    embedding_api_key: str | None = None
    embedding_dim: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Of the vectors that the endpoint gives; needed with it."""
    embedding_query_prompt: str | None = None
    embedding_passage_prompt: str | None = None
    """What the model behind the endpoint wants before a question, and before a passage."""
    reranker_model: str | None = None
    """A sentence-transformers cross-encoder, by name or folder, that orders the best hits anew; default: none."""
    reranker_url: str | None = None
    """Endpoint that orders the best hits anew: TEI's ``/rerank``, or ``/v1/rerank`` as Cohere and Jina have it."""
    reranker_api_key: str | None = None
    llm_base_url: str | None = None
    """OpenAI-compatible endpoint, up to where ``/chat/completions`` is appended."""
    llm_model: str | None = None
    llm_api_key: str | None = None
    llm_prompt_tokens: Annotated[int, msgspec.Meta(ge=1000)] = 6000
    """What question, sources and instructions may take of the model's window together."""
    llm_requests_at_once: Annotated[int, msgspec.Meta(ge=1)] = 256
    retention_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Conversations in which nobody has asked for so long are erased; default: kept until they are deleted."""
    database_url: str | None = None
    """SQLAlchemy URL; default: SQLite in the data folder."""
    chroma_url: str | None = None
    """A Chroma server; default: embedded, in the data folder."""
    chroma_token: str | None = None
    cache_url: str | None = None
    """A Redis or Valkey server that several processes share; default: each process by itself."""
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8000
    drain_s: Annotated[int, msgspec.Meta(ge=0, le=300)] = 0
    """After SIGTERM, how long new requests are still taken while ``/health/ready`` says that none should come."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Of the service's own log lines, on stderr."""
    site_url: str | None = None
    """Public address of the articles, for links; an article's own address goes first."""
    admin_key: str | None = None
    """Opens the routes under ``/v1/admin``; without it they are closed to all but the local command line."""
    sites: str | None = None
    """Public ids of the sites whose pages may ask, with their origins; see ``rag/sites.py``."""
    rate_limit: str = "60/minute"
    """Requests of one visitor; ``off`` counts none."""
    site_limit: str = "10000/day"
    """Questions and searches from all visitors of one site together, and from all that name none; ``off``: no limit."""
    trusted_proxies: str | None = None
    """Addresses and networks whose ``X-Forwarded-For`` names the client."""
    mcp_hosts: str | None = None
    """Host names beside this machine's own under which ``/mcp`` may be called, parted by commas."""
    slack_bot_token: str | None = None
    """``xoxb-…``; what the Slack bot speaks with."""
    slack_app_token: str | None = None
    """``xapp-…``; what ``kilde slack`` connects with."""
    slack_signing_secret: str | None = None
    """With the bot token it opens ``POST /slack/events`` in the service."""
    slack_mode: Literal["mention", "own_threads", "all"] = "own_threads"
    """Which messages in channels are questions: mentions; also replies where Kilde has answered; or everything."""
    slack_auto_channels: str | None = None
    """Ids of channels in which everything is a question, parted by commas."""
    slack_channel_langs: str | None = None
    """Languages of channels, ``C0123=de,C0456=nb``."""
    slack_help_group: str | None = None
    """Id of the user group that "ask a human" calls."""
    slack_api_url: str | None = None
    """Of the Web API; default: Slack's own."""

    @property
    def known_sites(self) -> Sites:
        return parse_sites(self.sites or "")

    @property
    def visitor_rate(self) -> Rate | None:
        return parse_rate(self.rate_limit, "KILDE_RATE_LIMIT")

    @property
    def site_rate(self) -> Rate | None:
        return parse_rate(self.site_limit, "KILDE_SITE_LIMIT")

    @property
    def proxies(self) -> tuple[str, ...]:
        return parse_proxies(self.trusted_proxies or "")

    @property
    def chroma_server(self) -> ServerAddress | None:
        return parse_server(self.chroma_url, self.chroma_token) if self.chroma_url else None

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir).expanduser().resolve()

    @property
    def catalog_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_path / 'catalog.db'}"

    @property
    def conversations_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_path / 'conversations.db'}"

    @property
    def store_path(self) -> Path:
        return self.data_path / "chroma"

    @property
    def model_path(self) -> Path:
        return Path(self.model_dir).expanduser().resolve() if self.model_dir else self.data_path / "models"


def load_settings(environ: Mapping[str, str] | None = None, file: Path = Path("kilde.toml")) -> Settings:
    """The settings in force. Raises ConfigurationError naming the setting and what it takes."""
    values = _from_file(file) | _from_environment(os.environ if environ is None else environ)
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as exc:
        raise ConfigurationError(f"A setting is not usable: {exc}. docs/settings.md lists them all.") from exc
    _refuse_unreadable(settings)
    return settings


def _refuse_unreadable(settings: Settings) -> None:
    """Now, rather than when the service is built."""
    _ = settings.known_sites, settings.visitor_rate, settings.site_rate, settings.proxies, settings.chroma_server


def _from_file(file: Path) -> dict[str, object]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{file} is not valid TOML: {exc}") from exc


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    named = {
        name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if name.startswith(PREFIX) and value
    }
    return dict(_read_out(name, value, named) for name, value in named.items())


def _read_out(name: str, value: str, named: Mapping[str, str]) -> tuple[str, str]:
    """A setting with its value, read from the file if ``name`` is that of a setting with ``_file`` behind it."""
    setting = name.removesuffix(FROM_FILE)
    if setting == name or setting not in Settings.__struct_fields__:
        return name, value
    variable = f"{PREFIX}{name.upper()}"
    if setting in named:
        raise ConfigurationError(f"{PREFIX}{setting.upper()} and {variable} are both set. Keep one of them.")
    try:
        return setting, Path(value).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{variable} names {value}, which cannot be read: {exc}.") from exc
