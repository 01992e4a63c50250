"""What Kilde is made of, as it is installed here.

In: ``pyproject.toml`` and the metadata of this environment. Out: a component for each distribution that Kilde needs,
directly or not, with its licence as an SPDX expression, and for all weights. Refuses with LookupError a distribution
whose licence nobody has named.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import msgspec
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
_LONGEST = 40
"""Characters of a licence's name; what is longer is its text."""


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """One distribution."""

    name: str
    version: str
    licence: str
    """An SPDX expression."""
    needs: tuple[str, ...]
    """Canonical names of those that it needs itself."""


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers that were learned, or a vocabulary."""

    name: str
    licence: str
    comes_with: str
    made_by: str
    used_for: str


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spdx: Mapping[str, str]
    by_hand: Mapping[str, str]
    weights: tuple[Weights, ...]


def components(extra: str | None = None) -> tuple[Component, ...]:
    """By name: what the product needs, with ``extra`` what that needs beside it."""
    product = _closure(_declared(None))
    wanted = product if extra is None else _closure([*_declared(None), *_declared(extra)])
    left_out: set[str] = set() if extra is None else set(product)
    return tuple(_component(name, wanted[name]) for name in sorted(wanted.keys() - left_out))


def weights() -> tuple[Weights, ...]:
    return _names().weights


def declared() -> tuple[str, ...]:
    """Canonical names of what Kilde itself needs."""
    return tuple(sorted(name for name, _ in _wanted(_declared(None), frozenset())))


def licence_of(found: Distribution) -> str:
    """Its own SPDX expression, else what it calls its licence, else what its classifier does."""
    name = canonicalize_name(found.name)
    fields: Any = found.metadata
    written = [fields.get("License-Expression"), _names().by_hand.get(name), *_told(fields)]
    for text in filter(None, written):
        with suppress(InvalidLicenseExpression):
            return str(canonicalize_license_expression(_names().spdx.get(text, text)))
    raise LookupError(f"Nobody has named the licence of {name}. Add it to evals/supply_chain/names.toml.")


def _told(fields: Any) -> Iterator[str]:
    told = (fields.get("License") or "").strip().split("  ")[0].splitlines()
    yield told[0] if told and len(told[0]) <= _LONGEST else ""
    for classifier in fields.get_all("Classifier", []):
        if classifier.startswith("License ::"):
            yield classifier.split(" :: ")[-1]


def _component(name: str, extras: frozenset[str]) -> Component:
    found = distribution(name)
    needs = sorted({needed for needed, _ in _wanted(found.requires or (), extras)})
    version = found.version.partition("+")[0]
    return Component(name=name, version=version, licence=licence_of(found), needs=tuple(needs))


def _declared(extra: str | None) -> Sequence[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    declared: list[str] = project["dependencies"] if extra is None else project["optional-dependencies"][extra]
    return declared


def _closure(requirements: Sequence[str]) -> dict[str, frozenset[str]]:
    """Names, with the extras that anything asks of them."""
    found: dict[str, frozenset[str]] = {}
    waiting = list(_wanted(requirements, frozenset()))
    while waiting:
        name, extras = waiting.pop()
        if name not in found or extras - found[name]:
            found[name] = found.get(name, frozenset()) | extras
            waiting.extend(_wanted(distribution(name).requires or (), found[name]))
    return found


def _wanted(requirements: Sequence[str], extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Those that apply here and are installed."""
    for requirement in map(Requirement, requirements):
        marker, name = requirement.marker, canonicalize_name(requirement.name)
        applies = marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""})
        if applies and _is_installed(name):
            yield name, frozenset(requirement.extras)


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


@cache
def _names() -> _Names:
    return msgspec.toml.decode(Path(__file__).with_name("names.toml").read_bytes(), type=_Names)
