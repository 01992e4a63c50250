import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import answer, citation

from evals.golden import QUESTIONS, Case, Expect, holds, judge, load_cases, normalise
from evals.suite import load_suite
from index.languages import split_path
from rag.errors import InputError
from rag.records import Answer

PROJECT = Path(__file__).parent.parent
CONTENT = PROJECT / "evals" / "corpus" / "content"
DATA = PROJECT.parent / "shared" / "data"
SEEDS, PAGES = DATA / "seeds", DATA / "evkx" / "content"
NOT_INGESTED = {"news/heron-coupe.md", "news/boreo-winter-offer.md", "news/zandhaven-museum-2099.md"}


def reasons(expect: Expect, given_answer: Answer) -> tuple[str, ...]:
    return judge(Case(id="x", question="?", lang="en", expect=expect), given_answer).reasons


BERTHS = Expect(status="answered", facts=(("1,250", "twelve hundred and fifty"),))
REFUSAL = Expect(status="not_found")


@pytest.mark.parametrize(
    "quote", ["1,250 berths", "1.250 plaatsen", "1 250 plasser", "TWELVE HUNDRED AND FIFTY", "١٬٢٥٠"]
)
def test_a_fact_may_stand_in_a_quote_in_any_of_its_forms_and_notations(quote: str) -> None:
    assert reasons(BERTHS, answer(citation(quote))) == ()


def test_a_fact_may_stand_in_the_answer_alone() -> None:
    assert reasons(BERTHS, answer(text="There are 1250.")) == ()


@pytest.mark.parametrize("quote", ["1,251 berths", "11,250 berths", "250 berths", "1,250.5 berths"])
def test_a_fact_is_missing_where_another_number_stands(quote: str) -> None:
    assert reasons(BERTHS, answer(citation(quote))) == ("does not say '1,250' or 'twelve hundred and fifty'",)


def test_every_fact_has_to_be_shown() -> None:
    both = Expect(status="answered", facts=(("0.9",), ("1.2",)))
    assert reasons(both, answer(citation("tussen 0,9 en 1,2 meter"))) == ()
    assert reasons(both, answer(citation("tussen 0,9 en 1,3 meter"))) == ("does not say '1.2'",)


def test_one_expected_quote_suffices_and_the_answer_text_does_not_count() -> None:
    expect = Expect(status="answered", quotes=("don't know yet", "weet nog niet"))
    assert reasons(expect, answer(citation("We don’t know yet."))) == ()
    assert reasons(expect, answer(citation("Soon."), text="We don't know yet.")) == (
        "quotes none of \"don't know yet\", 'weet nog niet'",
    )


def test_a_partial_answer_counts_as_answered_but_not_the_reverse() -> None:
    partial = Expect(status="partial", facts=BERTHS.facts)
    assert reasons(BERTHS, answer(citation("1,250"), status="partial")) == ()
    assert reasons(partial, answer(citation("1,250"))) == ("status is answered, expected partial",)


def test_a_refusal_of_an_answerable_question_is_one_reason() -> None:
    assert reasons(BERTHS, answer(status="not_found")) == ("status is not_found, expected answered",)


def test_out_of_scope_is_not_the_refusal_that_is_asked_for() -> None:
    assert reasons(REFUSAL, answer(status="not_found")) == ()
    assert reasons(REFUSAL, answer(status="out_of_scope")) == ("status is out_of_scope, expected not_found",)


def test_a_refusal_with_citations_is_wrong() -> None:
    assert reasons(REFUSAL, answer(citation("1,250"), status="not_found")) == ("not found, yet 1 cited",)


def test_a_forbidden_string_is_wrong_in_a_quote_and_allowed_in_what_frames_an_extract() -> None:
    expect = Expect(status="answered", facts=(("3.3 s",),), forbidden=("4.1 s",))
    assert reasons(expect, answer(citation("0–100 km/h: 3,3 s"), text="Not 4.1 s.")) == ()
    assert reasons(expect, answer(citation("3,3 s"), citation("4,1 s"))) == ("quotes what it must not: '4.1 s'",)


def test_a_forbidden_string_is_wrong_in_the_text_of_an_llm_unless_it_refuses() -> None:
    expect = Expect(status="answered", facts=(("43,866",),), forbidden=("Neckarsulm",))
    text = "Audi Neckarsulm built 43,866 cars [1]"
    given = answer(citation("43,866 cars"), text=text, composer="llm")
    assert reasons(expect, given) == ("says what it must not: 'Neckarsulm'",)
    forbidding = Expect(status="not_found", forbidden=("Neckarsulm",))
    assert reasons(forbidding, answer(text="Nothing on Neckarsulm.", composer="llm", status="not_found")) == ()


def test_the_first_citation_has_to_come_from_an_expected_work_in_any_language() -> None:
    expect = Expect(status="answered", works=("news/harbour.md", "guides/berths/index.md"))
    other = citation("x", "news/bridge.md")
    assert reasons(expect, answer(citation("x", "guides/berths/index.pt-BR.md"), other)) == ()
    assert reasons(expect, answer(citation("x", "news/harbour.md"))) == ()
    assert reasons(expect, answer(other, citation("x", "news/harbour.md"))) == (
        "cites news/bridge.md first, expected news/harbour.md or guides/berths/index.md",
    )
    assert reasons(expect, answer()) == ("cites nothing",)


def test_language_and_date_of_the_answer_are_compared_when_given() -> None:
    expect = Expect(status="answered", facts=(("7",),), answer_lang="nb", as_of="2023-05")
    assert reasons(expect, answer(text="7", lang="nb", as_of="2023-05")) == ()
    assert reasons(expect, answer(text="7", lang="da", as_of=None)) == (
        "answered in da, expected nb",
        "as of None, expected 2023-05",
    )


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("43,866 = 43.866 = 43 866 = 43\u202f866 = 43'866", "43866 = 43866 = 43866 = 43866 = 43866"),
        ("1,234,567.5 and 1.234.567,5", "1234567.5 and 1234567.5"),
        ("١٦٫٤ كم", "16.4 كم"),
        ("16,4 km on 6 May 2022", "16.4 km on 6 may 2022"),
        ("in 2021 310 vans", "in 2021 310 vans"),
        ("Q8 318 robots", "q8 318 robots"),
        ("残量１０％", "残量10%"),
        ("約1,200円", "約1200円"),
        ("85–92\n %", "85-92 %"),
    ],
)
def test_numbers_and_letters_are_normalised(text: str, normalised: str) -> None:
    assert normalise(text) == normalised


@given(
    st.integers(min_value=1000, max_value=999_999_999), st.sampled_from([",", ".", " ", "\u00a0", "\u202f", "'", "’"])
)
def test_a_grouped_number_shows_the_plain_one(number: int, mark: str) -> None:
    grouped = f"{number:,}".replace(",", mark)
    assert holds(normalise(f"exactly {grouped} berths"), str(number))
    assert not holds(normalise(f"exactly {grouped} berths"), str(number)[:-1])


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("der internal bus", "Tern"),
        ("a network of lines", "two"),
        ("предстоит", "стоит"),
        ("-5 °C at night", "5"),
        ("at −5 °C", "5 °C"),
        ("colder (−5 °C)", "5"),
        ("from 85–92", "-92"),
    ],
)
def test_a_form_within_another_word_or_behind_a_minus_is_not_shown(text: str, form: str) -> None:
    assert not holds(normalise(text), form)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("two terns", "Tern"),
        ("the Heron’s tern-like beak", "tern"),
        ("l’hôtel", "hôtel"),
        ("300km", "km"),
        ("公共汽车网络", "网络"),
        ("ราคาสองบาท", "สอง"),
        ("والجسر", "الجسر"),
        ("между 85–92 %", "92 %"),
        ("10 – 15 or 10 –15", "15"),
        ("€5-€10", "10"),
        ("at −5 °C", "-5 °C"),
    ],
)
def test_a_form_stands_at_the_beginning_of_a_word_or_anywhere_where_no_spaces_part_words(text: str, form: str) -> None:
    assert holds(normalise(text), form)


@pytest.mark.parametrize("form", ["300 km", "Model 3", "Model 3 300 km", "3 300 km"])
def test_a_figure_behind_a_name_with_a_number_may_be_read_in_both_ways(form: str) -> None:
    assert holds(normalise("The Model 3 300 km away"), form)


@pytest.mark.parametrize("text", ["elle coûte 3 300 euros", "Prix\u00a0: 3\u00a0300 euros", "Pris 13 300 kroner"])
def test_a_grouped_figure_behind_other_words_is_one_figure(text: str) -> None:
    assert not holds(normalise(text), "300")


def line(**changes: object) -> str:
    case = {"id": "a", "question": "How many?", "lang": "en", "expect": {"status": "answered", "facts": [["7"]]}}
    return json.dumps({**case, **changes}) + "\n"


def refused(tmp_path: Path, content: str) -> str:
    file = tmp_path / "cases.jsonl"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_cases(file)
    return str(caught.value)


def test_cases_are_loaded_in_file_order(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(line(id="b") + line(tags=["number"]), encoding="utf-8")
    second = Case(
        id="a", question="How many?", lang="en", expect=Expect(status="answered", facts=(("7",),)), tags=("number",)
    )
    assert [case.id for case in load_cases(file)] == ["b", "a"]
    assert load_cases(file)[1] == second


@pytest.mark.parametrize(
    ("expect", "complaint"),
    [
        ({"status": "answered"}, "nothing to check"),
        ({"status": "answered", "forbidden": ["x"], "answer_lang": "en"}, "nothing to check"),
        ({"status": "not_found", "facts": [["7"]]}, "not_found together with"),
        ({"status": "answered", "facts": [[]]}, "empty"),
        ({"status": "answered", "quotes": [" "]}, "empty"),
        ({"status": "answered", "works": ["news/harbour.nl.md"]}, "with its language"),
        ({"status": "found", "facts": [["7"]]}, "found"),
        ({"status": "answered", "fact": [["7"]]}, "unknown field `fact`"),
    ],
)
def test_a_case_that_checks_nothing_or_is_ill_formed_is_refused(
    tmp_path: Path, expect: dict[str, object], complaint: str
) -> None:
    message = refused(tmp_path, line() + line(id="b", expect=expect))
    assert message.startswith("cases.jsonl, line 2: ")
    assert complaint in message


def test_an_id_used_twice_an_unknown_field_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, line() + line()) == "cases.jsonl, line 2: the id 'a' is used twice."
    assert "unknown field `hint`" in refused(tmp_path, line(hint="x"))
    assert refused(tmp_path, "") == "cases.jsonl holds no question."


@pytest.mark.parametrize(
    ("name", "total", "refusals", "langs"), [("seeds", 30, 8, 6), ("sample", 60, 16, 17), ("own", 120, 30, 16)]
)
def test_the_question_files_hold_what_they_promise(name: str, total: int, refusals: int, langs: int) -> None:
    cases = load_cases(QUESTIONS / f"{name}.jsonl")
    assert len(cases) == total
    assert sum(not case.answerable for case in cases) == refusals
    assert len({case.lang for case in cases}) == langs
    assert max(Counter(case.question for case in cases).values()) == 1


def test_the_golden_suite_is_as_large_and_as_various_as_it_has_to_be() -> None:
    cases = load_suite("golden").cases
    tags = Counter(tag for case in cases for tag in case.tags)
    assert len(cases) >= 240
    assert len({case.lang for case in cases}) >= 12
    assert sum(bool(case.turns) for case in cases) == tags["followup"] >= 40
    assert sum(case.expect.status == "not_found" for case in cases) == tags["unanswerable"] >= 50
    kinds = ("number", "date", "list", "table", "how", "why", "crosslingual", "look-alike", "typo", "conflict", "stale")
    assert [kind for kind in (*kinds, "not-yet-known") if tags[kind] < 5] == []


def unsupported(case: Case, sources: list[str]) -> list[str]:
    """Expected fragments, and facts in all their forms, that stand in none of the sources."""
    texts = [normalise(source) for source in sources]
    fragments = [(quote,) for quote in case.expect.quotes]
    return [
        f"{case.id}: {forms}"
        for forms in (*fragments, *case.expect.facts)
        if not any(holds(text, form) for text in texts for form in forms)
    ]


def test_what_the_sample_questions_expect_stands_in_the_works_they_name() -> None:
    works = works_in(CONTENT)
    cases = load_cases(QUESTIONS / "sample.jsonl")
    assert {work for case in cases for work in case.expect.works}.isdisjoint(NOT_INGESTED)
    assert unsupported_in_works(cases, works) == []


def works_in(*folders: Path) -> dict[str, list[str]]:
    """The texts of every work, in all its languages."""
    works: dict[str, list[str]] = {}
    for folder in folders:
        for path in folder.rglob("*.*"):
            name = path.relative_to(folder).as_posix()
            works.setdefault(split_path(name)[1], []).append(path.read_text(encoding="utf-8"))
    return works


def unsupported_in_works(cases: Sequence[Case], works: Mapping[str, list[str]]) -> list[str]:
    """What stands in no version of the works that a case names; an answerable case has to name some."""
    assert all(case.expect.works for case in cases if case.answerable)
    missing = [unsupported(case, [text for work in case.expect.works for text in works[work]]) for case in cases]
    return [what for each in missing for what in each]


def test_the_own_questions_hold_as_many_look_alikes_and_follow_ups_as_they_promise() -> None:
    cases = load_cases(QUESTIONS / "own.jsonl")
    tags = Counter(tag for case in cases for tag in case.tags)
    assert (tags["plain"], tags["look-alike"], tags["followup"], tags["unanswerable"]) == (40, 25, 25, 30)
    assert all(case.expect.forbidden for case in cases if "look-alike" in case.tags)
    assert all(bool(case.turns) == bool(case.standalone) == ("followup" in case.tags) for case in cases)


@pytest.mark.skipif(not PAGES.is_dir(), reason="../shared/data/evkx is not there")
def test_what_the_own_questions_expect_stands_in_the_works_they_name() -> None:
    assert unsupported_in_works(load_cases(QUESTIONS / "own.jsonl"), works_in(SEEDS, PAGES)) == []


def test_every_follow_up_for_tuning_says_what_it_stands_for() -> None:
    cases = load_cases(QUESTIONS / "followups_dev.jsonl")
    assert len(cases) == 90
    assert len({case.lang for case in cases}) == 20
    assert all(case.turns and case.standalone for case in cases)


@pytest.mark.skipif(not PAGES.is_dir(), reason="../shared/data/evkx is not there")
def test_what_the_follow_ups_for_tuning_expect_stands_in_the_works_they_name() -> None:
    works = works_in(CONTENT, PAGES)
    assert unsupported_in_works(load_cases(QUESTIONS / "followups_dev.jsonl"), works) == []


@pytest.mark.skipif(not SEEDS.is_dir(), reason="../shared/data/seeds is not there")
def test_what_the_seed_questions_expect_stands_in_the_seed_articles() -> None:
    sources = [path.read_text(encoding="utf-8") for path in SEEDS.glob("*.txt")]
    missing = [unsupported(case, sources) for case in load_cases(QUESTIONS / "seeds.jsonl")]
    assert [what for each in missing for what in each] == []
