"""``python -m evals.supply_chain.sbom``: a software bill of materials, CycloneDX 1.6, as JSON on stdout.

In: what is installed. Out: Kilde, each distribution that the service needs with its licence and what it needs itself,
and the weights. The same for the same environment: it carries no time and no random number. Refuses nothing.
"""

import sys
import tomllib
from typing import Any

import msgspec

from evals.supply_chain.components import REPOSITORY, Component, Weights, components, declared, weights


def main() -> None:
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(bill())) + b"\n")


def bill() -> dict[str, Any]:
    found = components()
    refs = {one.name: _purl(one) for one in found}
    own = _own()
    edges = [{"ref": own["bom-ref"], "dependsOn": [refs[name] for name in declared()]}]
    edges += [{"ref": refs[one.name], "dependsOn": [refs[name] for name in one.needs if name in refs]} for one in found]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": [*map(_library, found), *map(_model, weights())],
        "dependencies": edges,
    }


def _own() -> dict[str, Any]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    return {
        "type": "application",
        "bom-ref": "kilde",
        "name": project["name"],
        "version": project["version"],
        "licenses": [{"expression": project["license"]}],
    }


def _library(one: Component) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _purl(one),
        "name": one.name,
        "version": one.version,
        "purl": _purl(one),
        "licenses": [{"expression": one.licence}],
    }


def _model(one: Weights) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"weights:{one.name}",
        "name": one.name,
        "description": f"{one.used_for}; made by {one.made_by}; comes with {one.comes_with}",
        "licenses": [{"expression": one.licence}],
    }


def _purl(one: Component) -> str:
    return f"pkg:pypi/{one.name}@{one.version}"


if __name__ == "__main__":
    main()
