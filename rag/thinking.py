"""An LLM's text without what it thought aloud before it. Pure.

In: pieces of text, cut anywhere. Out: the same pieces, without all that stands between ``<think>`` and ``</think>`` at
the beginning. Reasoning that does not end is no text. Refuses nothing.
"""

_BEGIN, _END = "<think>", "</think>"


class Thoughts:
    """Of one text."""

    def __init__(self) -> None:
        self._held = ""
        self._is_over = False

    def without(self, piece: str) -> str:
        """What of the text this piece brings; empty while it is thought, or may be the beginning of a thought."""
        if self._is_over:
            return piece
        self._held += piece
        begun = self._held.lstrip()
        if not begun or (len(begun) < len(_BEGIN) and _BEGIN.startswith(begun)):
            return ""
        if not begun.startswith(_BEGIN):
            self._is_over = True
            return self._held
        self._held, end, rest = begun.partition(_END)
        self._is_over = bool(end)
        return rest if end else ""

    def end(self) -> str:
        """What was held back, where the text ends before it became a thought."""
        begun = self._held.lstrip()
        return "" if self._is_over or begun.startswith(_BEGIN) else self._held
