"""Where a Chroma server is reached: ``http(s)://host:port?tenant=…&database=…``.

In: the text of a setting, and a token. Out: a ``ServerAddress``. Refuses everything else with ConfigurationError naming
the setting.
"""

from urllib.parse import parse_qs, urlsplit

import msgspec

from index.errors import ConfigurationError

_PORTS = {"http": 8000, "https": 443}
_DEFAULTS = {"tenant": "default_tenant", "database": "default_database"}


class ServerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """The database of a server; a second index takes a second database."""

    host: str
    port: int
    is_encrypted: bool = False
    tenant: str = "default_tenant"
    database: str = "default_database"
    token: str | None = None

    @property
    def url(self) -> str:
        """Without what is secret."""
        return f"{'https' if self.is_encrypted else 'http'}://{self.host}:{self.port}"


def parse_server(text: str, token: str | None = None) -> ServerAddress:
    try:
        parts = urlsplit(text)
        port = parts.port
        asked = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError as exc:
        raise _refusal() from exc
    is_plain = parts.path in ("", "/") and not parts.fragment and parts.username is None
    if parts.scheme not in _PORTS or not parts.hostname or not is_plain or asked.keys() - _DEFAULTS.keys():
        raise _refusal()
    tenant, database = (asked.get(name, [default])[-1] for name, default in _DEFAULTS.items())
    return ServerAddress(
        host=f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname,
        port=port or _PORTS[parts.scheme],
        is_encrypted=parts.scheme == "https",
        tenant=tenant,
        database=database,
        token=token,
    )


def _refusal() -> ConfigurationError:
    """Without the text, which may hold a password."""
    return ConfigurationError(
        "KILDE_CHROMA_URL is not the address of a Chroma server. Write http://HOST:PORT or https://HOST:PORT, "
        "where need be with ?tenant=NAME&database=NAME; a token goes into KILDE_CHROMA_TOKEN."
    )
