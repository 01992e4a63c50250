"""Sites whose pages may ask: public ids, each with the origins of its pages.

In: ``blog=https://blog.example, https://www.blog.example; shop=https://shop.example``. Out: a ``Sites``. Refuses with
ConfigurationError, by site, an id that is none or comes twice, and an origin with a path, a wildcard or another scheme.
"""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import msgspec

from rag.errors import ConfigurationError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORM = "Write KILDE_SITES as ID=ORIGIN, ORIGIN; ID=ORIGIN with origins such as https://www.example.org."


class Sites(msgspec.Struct, frozen=True):
    """Origins by site id, written as browsers send them."""

    origins: Mapping[str, frozenset[str]]

    def __contains__(self, site: object) -> bool:
        return site in self.origins

    def may_ask(self, site: str, origin: str) -> bool:
        return origin in self.origins.get(site, ())


def parse_sites(text: str) -> Sites:
    """Empty text gives no sites."""
    found: dict[str, frozenset[str]] = {}
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        site, equals, origins = (part.strip() for part in entry.partition("="))
        if not equals or not _ID.fullmatch(site):
            raise ConfigurationError(f"KILDE_SITES: {site!r} is no site id of letters, digits, - and _. {_FORM}")
        if site in found:
            raise ConfigurationError(f"KILDE_SITES names the site {site!r} twice. List all its origins once.")
        found[site] = frozenset(_origin(origin, site) for origin in re.split(r"[,\s]+", origins) if origin)
        if not found[site]:
            raise ConfigurationError(f"KILDE_SITES gives the site {site!r} no origin. {_FORM}")
    return Sites(found)


def _origin(text: str, site: str) -> str:
    """Lower case, ASCII, without the scheme's own port: as a browser writes it."""
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError as exc:
        raise _no_origin(text, site) from exc
    if not _is_bare(parts) or not host or "*" in host:
        raise _no_origin(text, site)
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _is_bare(parts: SplitResult) -> bool:
    """Nothing but scheme, host and port; the slash that a copied address ends in is forgiven."""
    beyond = parts.path.removeprefix("/") + parts.query + parts.fragment
    return parts.scheme in _DEFAULT_PORTS and not beyond and "@" not in parts.netloc


def _no_origin(text: str, site: str) -> ConfigurationError:
    return ConfigurationError(
        f"KILDE_SITES: {text!r} of the site {site!r} is no origin: http or https, a host, perhaps a port,"
        f" no path and no *. {_FORM}"
    )
