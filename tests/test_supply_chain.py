"""What Kilde is made of: every licence named and allowed, the page current, the bill whole, warnings judged by date."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evals.supply_chain.audit import EXCEPTIONS, Audited, Exempt, Report, Warned, exceptions, judged
from evals.supply_chain.components import components, weights
from evals.supply_chain.licences import PAGE, page
from evals.supply_chain.sbom import bill

REPOSITORY = Path(__file__).parent.parent
COPYLEFT = ("GPL", "AGPL", "LGPL", "SSPL", "BUSL", "CC-BY-NC")
WARNING = Report((Audited("left", (Warned("PYSEC-1", ("CVE-1",)),)), Audited("right")))
TODAY = date(2027, 1, 31)


def test_the_page_of_licences_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m evals.supply_chain.licences"


def test_nothing_that_the_service_needs_asks_for_more_than_notices() -> None:
    licences = [*(one.licence for one in components()), *(one.licence for one in weights())]
    assert len(licences) > 100
    assert not [licence for licence in licences if any(name in licence for name in COPYLEFT)]


def test_every_file_of_numbers_has_its_licence() -> None:
    files = {file.name for folder in ("index", "rag") for file in (REPOSITORY / folder / "data").glob("*.*")}
    numbers = {name for name in files if name.endswith((".npz", ".json"))}
    assert numbers <= {name for one in weights() for name in one.name.split(", ")}


def test_the_bill_names_each_part_once_and_refers_to_nothing_else() -> None:
    made: dict[str, Any] = bill()
    refs = [one["bom-ref"] for one in made["components"]]
    assert len(refs) == len(set(refs))
    edges = {edge["ref"]: edge["dependsOn"] for edge in made["dependencies"]}
    assert all(len(named) == len(set(named)) for named in edges.values())
    assert {name for named in edges.values() for name in named} <= set(refs)
    reached: set[str] = set()
    waiting = ["kilde"]
    while waiting:
        ref = waiting.pop()
        reached.add(ref)
        waiting += [name for name in edges.get(ref, ()) if name not in reached]
    libraries = {one["bom-ref"] for one in made["components"] if one["type"] == "library"}
    assert reached - {"kilde"} == libraries
    assert all(one["licenses"][0]["expression"] for one in made["components"])


def test_the_bill_has_the_pinned_versions() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines()
    pins = {tuple(line.lower().replace("_", "-").split("==")) for line in lines if line[0] != "#"}
    libraries = [one for one in bill()["components"] if one["type"] == "library" and one["name"] != "pip"]
    assert {(one["name"], one["version"].lower()) for one in libraries} <= pins


def test_a_licence_that_nobody_named_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from evals.supply_chain import components as module

    named = module._names()
    monkeypatch.setattr(module, "_names", lambda: type(named)({}, {}, ()))
    with pytest.raises(LookupError, match=r"names\.toml"):
        components()


@pytest.mark.parametrize(
    ("exempt", "code"),
    [
        ((), 1),
        ((Exempt(id="PYSEC-1", why="not used", until=TODAY),), 0),
        ((Exempt(id="CVE-1", why="not used", until=TODAY),), 0),
        ((Exempt(id="CVE-1", why="not used", until=date(2027, 1, 30)),), 1),
        ((Exempt(id="CVE-2", why="not used", until=TODAY),), 1),
    ],
)
def test_a_warning_counts_unless_it_is_exempt_today(exempt: tuple[Exempt, ...], code: int) -> None:
    found, lines = judged(WARNING, exempt, TODAY)
    assert found == code
    assert lines[-1] == "2 pins, 1 warnings, 0 that nobody could look up"


def test_what_could_not_be_looked_up_is_not_taken_for_safe() -> None:
    assert judged(Report((Audited("left", (), "not found"),)), (), TODAY)[0] == 2
    assert judged(Report((Audited("left"),)), (), TODAY)[0] == 0


def test_the_exceptions_can_be_read_as_their_comment_says(tmp_path: Path) -> None:
    assert isinstance(exceptions(), tuple)
    example = [
        line.removeprefix("# ") for line in EXCEPTIONS.read_text("utf-8").splitlines() if " = " in line or "[[" in line
    ]
    (tmp_path / "audit.toml").write_text("\n".join(example))
    assert tomllib.loads("\n".join(example))
    (one,) = exceptions(tmp_path / "audit.toml")
    assert one.until == date(2027, 1, 31)
