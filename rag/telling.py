"""A finished answer → the events that tell it. Pure.

In: an answer made of quotes, or without citations. Out: deltas that join to its text, each citation right behind its
marker. Refuses nothing.
"""

from rag.records import Answer, CitationReady, Event, TextDelta


def text_events(answer: Answer) -> list[Event]:
    """The text up to and with each citation's marker, then the citation."""
    events: list[Event] = []
    shown = 0
    for citation in answer.citations:
        marker = f"[{citation.n}]"
        end = answer.text.index(marker, citation.answer.end) + len(marker)
        events += [TextDelta(text=answer.text[shown:end]), CitationReady(citation=citation)]
        shown = end
    if shown < len(answer.text):
        events.append(TextDelta(text=answer.text[shown:]))
    return events
