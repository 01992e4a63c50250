"""What HTML elements mean for a reader of the page: which flow inside a line, which are hidden, what a picture says."""

import re

from index.readers.shortcodes import strip_marks
from index.readers.tree import Element

_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big cite code data dfn em font i ins kbd mark nobr q ruby rb samp small span strong sub"
    " sup time tt u var wbr math mfrac mi mn mo mrow msqrt mstyle msub msubsup msup mtext semantics"
)
_UNSEEN_NAMES = (
    "script style template noscript svg nav button select option textarea input datalist label legend object applet"
    " audio video canvas iframe embed head title meta link map rp rt dialog annotation annotation-xml del s strike"
)
INLINE = frozenset(_INLINE_NAMES.split())
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_UNSEEN = frozenset(_UNSEEN_NAMES.split())
"""Struck-through text is withdrawn by its author: it must never be quoted as said."""
_HIDING_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|webp|avif|svg|bmp|tiff?)", re.IGNORECASE)
_PICTURE_WORDS = (
    "image images img picture photo figure icon logo thumbnail thumb bild bilde bilder billede foto fotografie figur"
    " abbildung afbeelding imagen imagem immagine figura photographie obraz zdjęcie obrázek kuva kép resim görsel фото"
    " изображение зображення картинка εικόνα 图片 圖片 画像 写真 사진 이미지 صورة تصویر תמונה छवि चित्र รูปภาพ"
)
_SAYS_NOTHING = frozenset(_PICTURE_WORDS.split())


def name(element: Element) -> str:
    return element.tag.lower()


def is_hidden(element: Element) -> bool:
    """Whether no reader of the page sees or hears the element. Text for screen readers only is heard, so it counts."""
    tag = name(element)
    return (
        tag in _UNSEEN
        or "hidden" in element.attrib
        or element.get("aria-hidden", "").strip().lower() == "true"
        or _HIDING_STYLE.search(element.get("style", "")) is not None
        or (tag == "form" and not any(True for _ in element.iter("main", "article", "h1")))
        or _is_reference_mark(element)
    )


def picture_text(element: Element) -> str:
    """Title and alternative text of an ``img``, each once; "" where they only say that it is a picture."""
    return joined_captions((element.get("title", ""), element.get("alt", "")))


def joined_captions(texts: tuple[str, ...]) -> str:
    kept: list[str] = []
    for text in (" ".join(strip_marks(text).split()) for text in texts):
        if text.casefold() in _SAYS_NOTHING or _FILE_NAME.fullmatch(text):
            continue
        if text and not any(repeats(text, other) for other in kept):
            kept.append(text)
    return " | ".join(kept)


def repeats(text: str, other: str) -> bool:
    """Whether every word of ``text`` stands in ``other`` too."""
    return set(text.casefold().split()) <= set(other.casefold().split())


def _is_reference_mark(element: Element) -> bool:
    """A footnote's number in the sentence, or the arrow back from the footnote."""
    classes = element.get("class", "").split()
    if "footnote-ref" in classes or "footnote-backref" in classes:
        return True
    if name(element) != "sup" or (element.text or "").strip():
        return False
    links = [child for child in element if name(child) == "a"]
    return len(links) == 1 and links[0].get("href", "").startswith("#")
