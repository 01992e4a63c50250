"""An LLM's answer as it is written: what of it may be shown, sentence by sentence. No network here.

In: pieces of the LLM's text. Out: events for the reader. A sentence is shown as plain text, with the numbers of the
sources that support it, once its quotes are found and verified; one that names the wrong source gets the right one. One
that is in doubt gives way to the quote that it lies nearest to; one that nothing supports, leads elsewhere or is in the
wrong language is left out. The answer holds nothing else.
"""

from collections.abc import Iterator, Sequence

import msgspec
import regex

from index.detection import DETECTABLE, RELATIVES, detect
from index.languages import UNDETERMINED, base
from rag.candidates import Candidate
from rag.citations import Sentence, Sentences, is_whole
from rag.citing import citation_source
from rag.composing import Composed, Turn, ending, not_found, quoted
from rag.grounding import Grounding, Grounds
from rag.offering import Offer
from rag.phrasebook import phrases
from rag.plain_text import hosts, names_only, plain, plain_but_hosts
from rag.records import Answer, Citation, CitationReady, Event, Notice, TextDelta, TextRange
from rag.short_answer import short_answer

SILENT = "NOT_IN_ARTICLES"
"""What an LLM writes where the articles do not answer, in the prompt's words."""
MOST_SENTENCES = 12
"""Shown or not; what goes on beyond is cut off, and a notice says so."""
LONGEST_SENTENCE = 1200
_LEAST_LETTERS, _SURE = 24, 0.9
"""Below these a sentence is not said to be in another language."""
_LEFT_OUT = Notice(code="sentence_left_out", message="A sentence that the articles do not support was left out.")
_SHORTENED = Notice(code="answer_shortened", message="The answer was longer; this is its beginning.")
_QUOTED = regex.compile(r"[“„«「『\"][^“”„«»「」『』\"]*[”“»」』\"]")
_SILENT = regex.compile(rf"\W*{SILENT}\W*")


class Draft:
    """One answer while it is written."""

    def __init__(self, turn: Turn, composed: Composed, offered: Offer, grounding: Grounding) -> None:
        self._turn = turn
        self._composed = composed
        self._offered = offered
        self._grounding = grounding
        self._sentences = Sentences(turn.lang)
        self._text = ""
        self._citations: list[Citation] = []
        self._units: list[Candidate] = []
        self._said: set[str] = set()
        self._read = 0
        self._is_shortened = False
        self._begins_paragraph = False
        self.left_out = 0
        self.is_silent = False
        """Whether the LLM says that the articles do not answer, or not all of it."""
        self.is_foreign = False
        """Whether it began in another language than the reader's."""

    @property
    def is_shown(self) -> bool:
        """Whether anything of it is."""
        return bool(self._citations)

    @property
    def is_over(self) -> bool:
        """Whether nothing that follows would be shown."""
        return self.is_foreign or self._is_shortened

    def read(self, piece: str) -> list[Sentence]:
        """The sentences that end with this piece; quick."""
        return self._sentences.feed(piece)

    def rest(self, *, is_cut_off: bool = False) -> list[Sentence]:
        """What remains when the text has come to its end; ``is_cut_off``: in the middle of a sentence, it may be."""
        return [one for one in self._sentences.end() if SILENT in one.text or not is_cut_off or is_whole(one)]

    def show(self, sentence: Sentence) -> list[Event]:
        """What a reader sees of it; takes as long as verification."""
        if self.is_over:
            return []
        said = _SILENT.sub(" ", sentence.text).strip()
        self.is_silent = self.is_silent or SILENT in sentence.text
        self._is_shortened = self._read == MOST_SENTENCES
        self._read += 1
        if not any(map(str.isalnum, said)):
            return []
        return [_SHORTENED] if self._is_shortened else list(self._shown(said, sentence))

    def finish(self) -> list[Event]:
        """What has to stand behind the text of an LLM whatever it says: the quotes that contradict each other, one of
        each part that it passed over, and what the articles do not say."""
        if not self.is_shown:
            return []
        events = list(self._quotes(self._composed.disputed, disagree=True)) if self._composed.disputed else []
        if not self.is_silent:
            events += self._quotes(self._passed_over())
        missing = f"\n\n{phrases(self._turn.lang).partial}" if self.is_silent else ""
        said = ending(self._turn, self._composed) or missing
        return [*events, self._add(said)] if said else events

    def complete(self) -> list[Event]:
        """The quotes that answer and are not yet shown, behind an answer that broke off."""
        known = {(one.hit.article_id, one.span.start, one.span.end) for one in self._units}
        missing = [
            one
            for one in self._composed.quoted
            if (one.hit.article_id, one.span.start, one.span.end) not in known and one not in self._composed.disputed
        ]
        return [*self._quotes(missing), *self.finish()]

    def _passed_over(self) -> list[Candidate]:
        """The best quote of each part of the question that nothing shown answers."""
        parts = self._composed.parts
        answered = {id(self._composed.part_of(unit)) for unit in self._units} if len(parts) > 1 else set(map(id, parts))
        return [part.chosen[0] for part in parts if id(part) not in answered]

    def answer(self) -> Answer:
        """As far as it is shown; that the articles do not say, where nothing is."""
        quotes = self._composed.answer
        sure = quotes.confidence or 0.0
        if not self.is_shown:
            hits = self._composed.answered.hits if self._composed.answered else ()
            return not_found(self._turn, hits, sure)
        numbers = {citation.n for citation in self._citations}
        return msgspec.structs.replace(
            quotes,
            status="partial" if self.is_silent or self._composed.unsaid else "answered",
            composer="llm",
            text=self._text,
            citations=tuple(self._citations),
            sources=tuple(source for source in self._offered.sources if source.n in numbers),
            as_of=max((unit.hit.published for unit in self._units if unit.hit.published), default=None),
        )

    def _shown(self, said: str, sentence: Sentence) -> Iterator[Event]:
        self._begins_paragraph = self._begins_paragraph or sentence.begins_paragraph
        text = plain(said) if len(said) <= LONGEST_SENTENCE else None
        if text in self._said:
            return
        if text is None and (named := self._with_hosts(said, sentence.numbers)):
            yield from named
            return
        if text and _is_foreign(text, self._turn.lang):
            self.is_foreign = not self.is_shown
            text = None
        grounds = self._grounding.of(text, sentence.numbers) if text else None
        if text and grounds and grounds.hold:
            yield from self._supported(text, grounds)
        elif grounds and grounds.verification.verdict == "repair" and grounds.units[0] is not self._last_quoted():
            yield from self._in_its_place(grounds.units[0])
        elif not self.is_foreign:
            yield from self._left_out()

    def _with_hosts(self, said: str, numbers: Sequence[int]) -> Iterator[Event] | None:
        """What is shown of a sentence that is plain but for names of hosts, such as Node.js, which stand in what it
        rests on too: itself where it names the site of that article, else the quote."""
        text = plain_but_hosts(said) if len(said) <= LONGEST_SENTENCE else None
        if text in self._said:
            return iter(())
        grounds = self._grounding.of(text, numbers) if text else None
        if text is None or grounds is None or not grounds.hold:
            return None
        unit = grounds.units[0]
        if not all(host in unit.text for host in hosts(text)):
            return None
        is_of_site = all(names_only(text, one.hit.url) for one in grounds.units)
        is_prose = is_of_site and not _is_foreign(text, self._turn.lang)
        return self._supported(text, grounds) if is_prose else self._in_its_place(unit)

    def _supported(self, text: str, grounds: Grounds) -> Iterator[Event]:
        gap = "" if not self._text else "\n\n" if self._begins_paragraph else " "
        start = len(self._text) + len(gap)
        numbers = dict.fromkeys(self._grounding.number(unit) for unit in grounds.units)
        self._begins_paragraph = False
        self._said.add(text)
        yield self._add(f"{gap}{text} " + "".join(f"[{n}]" for n in numbers))
        for unit in grounds.units:
            yield self._cite(
                Citation(
                    n=self._grounding.number(unit),
                    answer=TextRange(start=start, end=start + len(text)),
                    source=citation_source(unit),
                    quote=unit.text,
                    verification=grounds.verification,
                    highlight=short_answer(unit, self._composed.part_of(unit).expected),
                ),
                unit,
            )

    def _in_its_place(self, unit: Candidate) -> Iterator[Event]:
        """The quote, unless it is shown already: then the sentence is merely left out."""
        if any(one.quote == unit.text for one in self._citations):
            yield from self._left_out()
        else:
            yield from self._quotes([unit])

    def _quotes(self, units: Sequence[Candidate], *, disagree: bool = False) -> Iterator[Event]:
        if not units:
            return
        made = quoted(self._turn, self._composed, units, self._offered.numbers, disagree=disagree)
        gap = "\n\n" if self._text else ""
        shift = len(self._text) + len(gap)
        yield self._add(gap + made.text)
        for citation, unit in zip(made.citations, units, strict=True):
            place = TextRange(start=citation.answer.start + shift, end=citation.answer.end + shift)
            yield self._cite(msgspec.structs.replace(citation, answer=place), unit)
        self._begins_paragraph = True

    def _left_out(self) -> Iterator[Event]:
        self.left_out += 1
        if self.left_out == 1:
            yield _LEFT_OUT

    def _add(self, text: str) -> TextDelta:
        self._text += text
        return TextDelta(text=text)

    def _cite(self, citation: Citation, unit: Candidate) -> CitationReady:
        self._citations.append(citation)
        self._units.append(unit)
        return CitationReady(citation=citation)

    def _last_quoted(self) -> Candidate | None:
        return self._units[-1] if self._units else None


def _is_foreign(text: str, lang: str) -> bool:
    """Whether it is surely in another language; what it quotes does not count. Of a language that cannot be told from
    its relatives, nothing is foreign."""
    prose = _QUOTED.sub(" ", text)
    if sum(len(letter.encode()) for letter in prose if letter.isalpha()) < _LEAST_LETTERS:
        return False
    found, share = detect(prose)
    wanted = base(lang)
    if not any(wanted in group for group in ({*DETECTABLE}, *RELATIVES)):
        return False
    if share < _SURE or UNDETERMINED in {found, wanted} or found == wanted:
        return False
    return not any({found, wanted} <= group for group in RELATIVES)
