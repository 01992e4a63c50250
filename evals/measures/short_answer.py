"""F1 of the short answer marked in the first quote, against the accepted forms of the case's one fact.

The mark is the ``highlight`` of the citation, a range into its quote. Where nothing is marked the measure is unscored:
a whole sentence taken for a short answer would say nothing. Unscored too without an answer to mark and for cases with
more than one fact, of which one mark can show one only.

Tokens as in SQuAD's own script: lower case, no punctuation, no English articles; words where words are parted by
spaces, single characters in Chinese, Japanese, Thai, Lao, Khmer and Burmese.
"""

from collections import Counter

import regex

from evals.golden import normalise
from evals.measures.measure import Measure
from evals.records import Outcome
from rag.records import Citation

_TOKEN = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    r"|(?:(?<=\d)\.(?=\d)|[^\s\p{P}\p{S}\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])+"
)
_ARTICLES = frozenset({"a", "an", "the"})


def token_f1(text: str, form: str) -> float:
    """Harmonic mean of precision and recall over tokens, as often as each occurs; 1 if both have none."""
    given, wanted = _tokens(text), _tokens(form)
    if not given or not wanted:
        return float(given == wanted)
    shared = (given & wanted).total()
    return 2 * shared / (given.total() + wanted.total())


def _score(outcome: Outcome, _: float | None) -> float | None:
    facts = outcome.case.expect.facts
    if len(facts) != 1 or outcome.answer is None or not outcome.answer.citations:
        return None
    marked = _marked(outcome.answer.citations[0])
    return None if marked is None else max(token_f1(marked, form) for form in facts[0])


def _marked(citation: Citation) -> str | None:
    highlight = citation.highlight
    return citation.quote[highlight.start : highlight.end] if highlight else None


def _tokens(text: str) -> Counter[str]:
    return Counter(token for token in _TOKEN.findall(normalise(text)) if token not in _ARTICLES)


SHORT_ANSWER_F1 = Measure(name="short_answer_f1", title="Short answer marked in the quote, F1", score=_score)
