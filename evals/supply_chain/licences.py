"""``python -m evals.supply_chain.licences``: writes ``docs/licences.md``, which a test holds current.

In: what is installed. Out: the page, as Markdown. Refuses a distribution whose licence nobody has named (LookupError).
"""

from collections.abc import Sequence

from evals.supply_chain.components import REPOSITORY, Component, Weights, components, weights

PAGE = REPOSITORY / "docs" / "licences.md"
_HEAD = """# Licences

Everything that Kilde is installed with, and what its numbers were learned from. Written by
`python -m evals.supply_chain.licences`; a test holds it current. Versions are those of `constraints.txt`.
"""


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    return "\n".join(
        [
            _HEAD,
            "## Weights and vocabularies\n",
            _weights(weights()),
            "\n## What the service needs\n",
            _table(components()),
            "\n## What only tests and evaluation need\n",
            _table(components("dev")),
            "",
        ]
    )


def _table(found: Sequence[Component]) -> str:
    rows = [f"| {one.name} | {one.version} | {one.licence} |" for one in found]
    return "\n".join(["| Distribution | Version | Licence |", "| --- | --- | --- |", *rows])


def _weights(found: Sequence[Weights]) -> str:
    rows = [f"| {one.name} | {one.comes_with} | {one.licence} | {one.made_by} | {one.used_for} |" for one in found]
    return "\n".join(["| Name | Comes with | Licence | Made by | For |", "| --- | --- | --- | --- | --- |", *rows])


if __name__ == "__main__":
    main()
