"""How often something may happen: ``60/minute``.

In: the text of a setting. Out: a ``Rate``, or None for ``off``. Refuses everything else with ConfigurationError naming
the setting.
"""

import re

import msgspec

from rag.errors import ConfigurationError

_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_FORM = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)")


class Rate(msgspec.Struct, frozen=True):
    times: int
    unit: str

    @property
    def period_s(self) -> int:
        return _SECONDS[self.unit]

    def __str__(self) -> str:
        return f"{self.times:,} in one {self.unit}"


def parse_rate(text: str, setting: str) -> Rate | None:
    form = _FORM.fullmatch(text.strip())
    if form is None and text.strip() != "off":
        raise ConfigurationError(
            f"{setting}={text!r} is no rate. Write a number and second, minute, hour or day, such as 60/minute, or off."
        )
    return Rate(int(form[1]), form[2]) if form else None
