"""The public address of an article, the way Hugo makes it: from ``url``, from ``slug``, else from the path."""

from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

from index.languages import split_path

_BUNDLES = ("index", "_index")


def hugo_url(path: str, *, url: str, slug: str, site_url: str | None) -> str | None:
    """None where neither the front matter nor ``site_url`` names the site."""
    if _is_absolute(url):
        return url
    if site_url is None:
        return None
    lang = _suffix_language(path)
    prefix = f"/{lang}" if lang else ""
    if url:
        return join_url(site_url, url if url.startswith("/") else f"{prefix}/{url}")
    return join_url(site_url, prefix + _folder(path, slug))


def join_url(site_url: str, path: str) -> str:
    """``path`` starts with a slash and need not be escaped."""
    return site_url.rstrip("/") + quote(path, safe="/%:?=&#+,;@!$'()*~")


def page_url(path: str, site_url: str | None) -> str | None:
    """The address of a file that is published as it is."""
    name = PurePosixPath(path).name
    shown = path.removesuffix(name) if name.lower() in ("index.html", "index.htm") else path
    return join_url(site_url, "/" + quote(shown)) if site_url else None


def readable_stem(path: str) -> str:
    """A title for want of any other: ``how-to/_index.nb.md`` gives ``How to``."""
    plain = PurePosixPath(split_path(path)[1])
    stem = plain.parent.name if plain.stem.lower() in _BUNDLES and plain.parent.name else plain.stem
    words = " ".join(stem.replace("-", " ").replace("_", " ").split()) or path
    return words[:1].upper() + words[1:]


def _folder(path: str, slug: str) -> str:
    plain = PurePosixPath(split_path(path)[1] if _suffix_language(path) else path)
    parts = list(plain.parent.parts)
    parts = parts[1:] if parts[:1] == ["content"] else parts
    is_section, is_bundle = plain.stem.lower() == "_index", plain.stem.lower() == "index"
    if not (is_section or is_bundle):
        parts.append(plain.stem)
    if slug and parts and not is_section:
        parts[-1] = slug
    return "/".join(["", *("-".join(part.split()).lower() for part in parts), ""])


def _suffix_language(path: str) -> str | None:
    """The language as the file's suffix spells it, in lower case."""
    name, plain = PurePosixPath(path), PurePosixPath(split_path(path)[1])
    return None if name.name == plain.name else PurePosixPath(name.stem).suffix.removeprefix(".").lower()


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
