"""A figure is of the year that the text says it of."""

import pytest

from rag.dated_figures import dated_figures


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Staff grew to 3,120 in 2023 from 2,640 in 2022.", {"3120": "2023", "2640": "2022"}),
        ("2022: 2.640 Menschen; 2023: 3.120 Menschen", {"2640": "2022", "3120": "2023"}),
        ("In 2023 wurden 12 % mehr gebaut: 310 Busse, 47 Bahnen.", {"12": "2023", "310": "2023", "47": "2023"}),
        ("On 3 May 2021 the 12 boats left.", {"12": "2021"}),
        ("By 12% it grew to 3,120 in 2023, in 2022 to 2,640.", {"12": "2023", "3120": "2023", "2640": "2022"}),
        ("It has 310 seats.", {"310": ""}),
    ],
)
def test_figures_go_with_their_year(text: str, said: dict[str, str]) -> None:
    found = {value: "".join(years) for (value, _), years in dated_figures(text).items()}
    assert {value: found[value] for value in said} == said
