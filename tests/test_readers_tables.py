"""Each body row of a table can be read on its own."""

from index.readers.tables import Cell, table_rows


def cells(*texts: str, head: bool = False) -> list[Cell]:
    return [Cell(text=text, is_head=head) for text in texts]


def test_a_cell_stands_behind_its_column_head() -> None:
    rows = [cells("Model", "Range", head=True), cells("A", "300 km")]
    assert table_rows(rows, head_rows=1) == ["Model: A | Range: 300 km"]


def test_a_first_cell_without_a_head_stands_alone() -> None:
    assert table_rows([cells("", "City"), cells("Stop", "150")], head_rows=1) == ["Stop | City: 150"]


def test_a_number_sign_is_no_head() -> None:
    assert table_rows([cells("#", "Team"), cells("1", "Brann")], head_rows=1) == ["1 | Team: Brann"]


def test_empty_cells_are_dropped() -> None:
    assert table_rows([cells("", "a", "b"), cells("x", "", "2")], head_rows=1) == ["x | b: 2"]


def test_empty_heads_leave_name_and_value() -> None:
    assert table_rows([cells("", ""), cells("Average speed", "96,4 kW")], head_rows=1) == ["Average speed | 96,4 kW"]


def test_a_first_row_of_head_cells_needs_no_thead() -> None:
    assert table_rows([cells("a", "b", head=True), cells("1", "2")], head_rows=0) == ["a: 1 | b: 2"]


def test_a_table_without_heads_is_read_as_it_stands() -> None:
    assert table_rows([cells("a", "1"), cells("b", "2")], head_rows=0) == ["a | 1", "b | 2"]


def test_a_table_of_heads_only_is_still_text() -> None:
    assert table_rows([cells("a", "b", head=True)], head_rows=1) == ["a | b"]


def test_two_rows_of_heads_name_a_column_together() -> None:
    rows = [
        [Cell(text="", is_head=True, rows=2), Cell(text="Range", is_head=True, columns=2)],
        cells("summer", "winter", head=True),
        cells("A", "500", "400"),
    ]
    assert table_rows(rows, head_rows=2) == ["A | Range summer: 500 | Range winter: 400"]


def test_a_cell_over_several_rows_stands_in_each_of_them() -> None:
    rows = [cells("Maker", "Model", head=True), [Cell(text="Audi", rows=2), Cell(text="Q4")], cells("Q8")]
    assert table_rows(rows, head_rows=1) == ["Maker: Audi | Model: Q4", "Maker: Audi | Model: Q8"]


def test_a_cell_over_the_whole_width_is_a_subheading() -> None:
    rows = [cells("a", "b", head=True), [Cell(text="Sizes", is_head=True, columns=2)], cells("1", "2")]
    assert table_rows(rows, head_rows=1) == ["Sizes", "a: 1 | b: 2"]


def test_new_heads_inside_a_table_hold_from_there_on() -> None:
    rows = [cells("a", "b", head=True), cells("1", "2"), cells("c", "d", head=True), cells("3", "4")]
    assert table_rows(rows, head_rows=1) == ["a: 1 | b: 2", "c: 3 | d: 4"]
