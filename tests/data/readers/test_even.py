import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.readers import delimited, even
from palate.data.readers.even import even_lines, even_records
from palate.data.readers.files import read_file
from palate.errors import BadInput


@given(st.lists(st.integers(1, 4), min_size=1, max_size=30), st.booleans(), st.integers(1, 9))
def test_lines_are_even_where_every_one_has_as_many_fields(
    fields: list[int], ended: bool, chunk: int
) -> None:
    text = "\n".join(",".join("x" * n) for n in fields) + "\n" * ended
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(even, "_CHUNK", chunk)
        found = even_lines(text.encode(), ",", 2)
    assert found == (len(fields) if set(fields) == {2} else None)


def test_a_blank_line_is_not_even() -> None:
    assert even_lines(b"a,b\n\n1,2\n", ",", 2) is None
    assert even_lines(b"a,b\n \n1,2\n", ",", 2) is None


ROWS = st.lists(
    st.lists(st.text('ab,"\n ', max_size=6), min_size=2, max_size=2), min_size=1, max_size=9
)


def written(rows: list[list[str]], quoting: int) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=quoting).writerows([["one", "two"], *rows])
    return out.getvalue().encode()


@given(ROWS, st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.integers(1, 9))
def test_what_a_tool_quotes_is_sound(rows: list[list[str]], quoting: int, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(even, "_CHUNK", chunk)
        found = even_records(written(rows, quoting), ",", 2)
    assert found is not None
    assert found.n == len(rows) + 1
    assert found.line_each == (not any("\n" in cell for row in rows for cell in row))


@given(st.text('ab,"\n', max_size=30), st.integers(1, 7))
def test_what_is_sound_in_bytes_is_sound_for_a_strict_reader(text: str, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(even, "_CHUNK", chunk)
        found = even_records(text.encode(), ",", 2)
    if found is not None:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert [len(row) for row in rows] == [2] * found.n


@given(
    st.lists(
        st.lists(st.text('ab,"\n\r', max_size=6), min_size=2, max_size=2), min_size=1, max_size=9
    ),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_the_quick_reading_of_quotes_gives_what_the_slow_one_gives(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], quoting: int, end: str
) -> None:
    path = tmp_path_factory.mktemp("q") / "log.csv"
    out = io.StringIO()
    csv.writer(out, lineterminator=end, quoting=quoting).writerows([["one", "two"], *rows])
    path.write_bytes(out.getvalue().encode())

    def table() -> object:
        try:
            found = read_file(path)
        except BadInput as problem:
            return str(problem)
        return found.frame.to_dicts(), found.first_line, found.notes

    quick = table()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_sound_csv", lambda text, options: None)
        assert quick == table()
