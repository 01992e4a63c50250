"""Hugo Markdown in, the same without shortcodes out; what they show to a reader stays, as marked captions.

``{{< note >}}text{{< /note >}}`` leaves its inner text; ``title``, ``caption`` and ``alt`` become a caption; the rest
of a shortcode is code and goes. A mark is made of noncharacters, which cleaned text never contains, so that it passes
through Markdown and HTML untouched: ``MARK`` finds it, and an empty one is only a break between blocks.
"""

import re

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
MARK = re.compile(f"{_OPEN}([0-9]*){_CLOSE}")

_QUOTED = r'"(?:[^"\\\n]|\\.)*+"|`[^`]*+`'
_SHORTCODE = re.compile(
    rf"\{{\{{<(?P<angle>(?:{_QUOTED}|(?!>\}}\}}).){{0,10000}}+)>\}}\}}"
    rf"|\{{\{{%(?P<percent>(?:{_QUOTED}|(?!%\}}\}}).){{0,10000}}+)%\}}\}}"
    r"|\{\{<(?P<loose_angle>.{0,10000}?)>\}\}|\{\{%(?P<loose_percent>.{0,10000}?)%\}\}",
    re.DOTALL,
)
_PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|(\S+))', re.DOTALL)
_VISIBLE = ("title", "caption", "alt")


def lift_shortcodes(source: str) -> tuple[str, list[tuple[str, ...]]]:
    """The source with marks, and for each mark's number the visible texts of its shortcode, distinct."""
    captions: list[tuple[str, ...]] = []

    def replace(match: re.Match[str]) -> str:
        inner = next(group for group in match.groups() if group is not None).strip()
        if inner.startswith("/*") and inner.endswith("*/"):
            return match[0].replace("/*", "", 1).replace("*/", "", 1)
        texts = _visible_texts(inner)
        mark = f"{_OPEN}{len(captions)}{_CLOSE}" if texts else ""
        if texts:
            captions.append(texts)
        if not _alone(match):
            return mark
        return _line_of_its_own(match, f"{_OPEN}{_CLOSE}{mark}{_OPEN}{_CLOSE}")

    return _SHORTCODE.sub(replace, source), captions


def strip_marks(text: str) -> str:
    return MARK.sub("", text)


def _visible_texts(inner: str) -> tuple[str, ...]:
    parameters = {
        match[1].lower(): (match[2] or match[3] or match[4] or "").replace('\\"', '"')
        for match in _PARAMETER.finditer(inner)
    }
    return tuple(dict.fromkeys(parameters[name] for name in _VISIBLE if parameters.get(name)))


def _alone(match: re.Match[str]) -> bool:
    source = match.string
    before = source[source.rfind("\n", 0, match.start()) + 1 : match.start()]
    end = source.find("\n", match.end())
    after = source[match.end() : end if end >= 0 else len(source)]
    return not before.strip() and not after.strip()


def _line_of_its_own(match: re.Match[str], mark: str) -> str:
    """A line right after a table row would be read as one more row, so it is set off."""
    lines_before = match.string[max(0, match.start() - 2000) : match.start()].split("\n")
    return f"\n{mark}\n" if len(lines_before) > 1 and "|" in lines_before[-2] else mark
