"""Names of hosts in what an LLM writes: shown where the article or its address has them."""

import pytest
from scripted_llm import ended, notices, saying, written
from small_answering import FACT, FixedSearch, found

from rag.conversations import Conversations

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]


@pytest.mark.parametrize("said", ["The factory uses Node.js [1].", "The factory sells on Booking.com [1]."])
def test_a_name_that_looks_like_a_host_is_quoted_where_the_article_has_it(
    said: str, conversations: Conversations
) -> None:
    hit = found(said.replace(" [1]", ""), FACT)
    with saying(said) as server:
        events = written(conversations, FixedSearch(hit), server)
    assert ended(events).text == f"According to “Title of a”: “{said.replace(' [1]', '')}” [1]"
    assert notices(events) == []


SITE = "https://www.cars.example/en/a"


@pytest.mark.parametrize(
    ("said", "address", "is_prose"),
    [
        ("The tests are on Cars.example", SITE, True),
        ("The tests are on Cars.example", None, False),
        ("The tests are on Cars.example", "https://shop.cars.example/a", False),
        ("The tests are on Cars.example/out", SITE, False),
        ("The tests are on shop.cars.example", SITE, False),
        ("The tests are on Cars.example and Other.example", SITE, False),
        ("The tests are on Cars.example, says “Cars.example”", SITE, True),
        ("The tests are on Cars.example.x.com", SITE, False),
        ("The tests are on Cars.example.рф", SITE, False),
        ("The tests are on my_cars.example", SITE, False),
        ("The tests are at info @ Cars.example", SITE, False),
        ("The tests are on Cars.example /out", SITE, False),
        ("The tests are on Cars.example%2fout", SITE, False),
        ("The tests are on Cars.example", "http://[cars.example/a", False),
    ],
)
def test_the_name_of_the_site_itself_may_stand_in_prose(
    conversations: Conversations, said: str, address: str | None, is_prose: bool
) -> None:
    hit = found(f"{said}, as every year.", url=address)
    with saying(f"{said} [1]. {said} [1].") as server:
        answer = ended(written(conversations, FixedSearch(hit), server))
    assert (answer.text == f"{said}. [1]") is is_prose
    assert answer.status == "answered"


def test_a_host_that_the_article_does_not_have_is_left_out(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1]. The factory uses evil.example [1].") as server:
        answer = ended(written(conversations, FixedSearch(found(FACT, "The factory uses Node.js.")), server))
    assert answer.text == "In 2021, the factory built 43,866 cars. [1]"
