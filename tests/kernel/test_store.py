from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from palate import store
from palate.errors import DamagedArtefact

OLD = {"matrix": np.arange(6, dtype=np.float32).reshape(2, 3), "rows": np.array([1, 2], np.int32)}
NEW = {"matrix": np.zeros((1, 3), np.float32), "other": np.array(["a", "bc"])}


def state(folder: Path) -> str | None:
    """Which of the two artefacts lies there, whole; None if there is none."""
    found = store.read(folder)
    if found is None:
        return None
    name = str(found.facts["name"])
    expected = {"old": OLD, "new": NEW}[name]
    assert set(found.arrays) == set(expected)
    for key, array in expected.items():
        np.testing.assert_array_equal(found.arrays[key], array)
    return name


def write(folder: Path, name: str, kind: Literal["npy", "safetensors"] = "npy") -> None:
    store.write(folder, {"old": OLD, "new": NEW}[name], {"name": name}, kind)


# ---- plain use
# ------------------------------------------------------------------------------


numbers = st.sampled_from(
    [np.float32, np.float64, np.int32, np.int64, np.bool_, np.uint8, np.float16]
)
texts = st.just(np.dtype("<U5"))


def any_array(dtypes: st.SearchStrategy[Any]) -> st.SearchStrategy[np.ndarray]:
    return dtypes.flatmap(
        lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    )


@given(
    any_array(numbers | texts).map(lambda a: (a, "npy"))
    | any_array(numbers).map(lambda a: (a, "safetensors"))
)
def test_any_array_comes_back_as_it_was(tmp_path: Path, drawn: tuple[np.ndarray, Any]) -> None:
    array, kind = drawn
    store.write(tmp_path / "a", {"x": array, "turned": array.T}, {}, kind)
    found = store.read(tmp_path / "a")
    assert found is not None
    for name, sent in (("x", array), ("turned", array.T)):
        got = found.arrays[name]
        assert (got.dtype, got.shape) == (sent.dtype, sent.shape)
        np.testing.assert_array_equal(got, sent)
        assert not got.flags.writeable


numbers = st.sampled_from(
    [np.dtype(t) for t in ("float32", "float64", "int32", "int64", "uint8", "bool")]
)


@given(
    numbers.flatmap(
        lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3))
    )
)
def test_safetensors_come_back_as_they_were(tmp_path: Path, array: np.ndarray) -> None:
    store.write(tmp_path / "a", {"x": array, "turned": array.T}, {}, "safetensors")
    found = store.read(tmp_path / "a")
    assert found is not None
    assert {p.suffix for p in (tmp_path / "a").iterdir()} == {".json", ".safetensors"}
    for name, sent in (("x", array), ("turned", array.T)):
        np.testing.assert_array_equal(found.arrays[name], sent)
        assert found.arrays[name].dtype == sent.dtype


def test_damaged_safetensors_are_noticed_and_the_old_format_is_swept(tmp_path: Path) -> None:
    store.write(tmp_path / "a", {"x": np.arange(5)}, {})
    store.write(tmp_path / "a", {"x": np.arange(6)}, {}, "safetensors")
    (file,) = tmp_path.glob("a/*.safetensors")
    assert not list(tmp_path.glob("a/*.npy"))
    file.write_bytes(file.read_bytes()[:-1] + b"z")
    with pytest.raises(DamagedArtefact):
        store.read(tmp_path / "a")


plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), plain_values, max_size=3))
def test_facts_come_back_as_they_were(tmp_path: Path, facts: dict[str, Any]) -> None:
    store.write(tmp_path / "f", {}, facts)
    found = store.read(tmp_path / "f")
    assert found is not None
    assert found.facts == facts


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert store.read(tmp_path / "nothing") is None
    (tmp_path / "empty").mkdir()
    assert store.read(tmp_path / "empty") is None


def test_a_replaced_artefact_leaves_nothing_of_the_old_one(tmp_path: Path) -> None:
    write(tmp_path, "old")
    write(tmp_path, "new")
    assert state(tmp_path) == "new"
    assert len(list(tmp_path.iterdir())) == 1 + len(NEW)


def test_equal_content_gives_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, "old")
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in ("a", "b"))
    assert one == two


def test_one_format_replaces_the_other(tmp_path: Path) -> None:
    for kind in ("safetensors", "npy", "safetensors"):
        write(tmp_path, "old", kind)  # type: ignore[arg-type]
        assert state(tmp_path) == "old"
        assert len(list(tmp_path.glob(f"*.{kind}"))) == len(OLD)
        assert len(list(tmp_path.iterdir())) == 1 + len(OLD)


def test_arrays_that_are_being_read_survive_their_replacement(tmp_path: Path) -> None:
    write(tmp_path, "old")
    found = store.read(tmp_path)
    write(tmp_path, "new")
    assert found is not None
    np.testing.assert_array_equal(found.arrays["matrix"], OLD["matrix"])


def test_files_of_others_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("mine")
    (tmp_path / "mine.npy").write_text("mine too")
    write(tmp_path, "old")
    write(tmp_path, "new")
    assert (tmp_path / "words.txt").read_text() == "mine"
    assert (tmp_path / "mine.npy").exists()


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a\0b", "a b", "x\n"])
def test_a_name_that_is_no_plain_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        store.write(tmp_path / "a", {name: OLD["rows"]}, {})
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("arrays", "facts"),
    [
        ({"x": np.array([object()])}, {}),
        ({}, {"x": float("nan")}),
        ({}, {"x": object()}),
        ({"x": OLD["rows"]}, {1: set()}),
    ],
)
def test_what_cannot_be_stored_leaves_the_old_state(
    tmp_path: Path, arrays: Any, facts: Any
) -> None:
    write(tmp_path, "old")
    with pytest.raises((ValueError, TypeError)):
        store.write(tmp_path, arrays, facts)
    assert state(tmp_path) == "old"
    assert len(list(tmp_path.iterdir())) == 1 + len(OLD)


def test_files_are_as_readable_as_the_user_wants_them(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "a", "old")
        store.write_text(tmp_path / "t", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "a" / store.MANIFEST).stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "t").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o750


# ---- crashes
# ------------------------------------------------------------------------------


class Faults:
    """Raises an OSError at the n-th file operation under a folder, and never again."""

    def __init__(self) -> None:
        self.left = 0
        self.seen = 0
        self.under = ""

    def arm(self, at: int, under: Path) -> None:
        self.left, self.seen, self.under = at, 0, str(under)

    def disarm(self) -> None:
        self.under = ""

    def touch(self, what: str) -> None:
        self.seen += 1
        self.left -= 1
        if self.left == 0:
            raise OSError(errno.EIO, f"injected at {what}")

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if (
            self.under
            and event.partition(".")[0] in ("open", "os", "fcntl", "shutil")
            and not event.startswith("os.putenv")
        ):
            on_path = any(
                isinstance(a, (str, Path)) and str(a).startswith(self.under) for a in arguments
            )
            if on_path or event == "fcntl.flock":
                self.touch(event)


FAULTS = Faults()
_HOOKED = []


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    # Every operation that Python audits can be made to fail, whatever way the store goes; flushing
    # is not audited.
    if not _HOOKED:
        sys.addaudithook(FAULTS.audit)
        _HOOKED.append(True)
    real = os.fsync

    def fsync(handle: int) -> None:
        if FAULTS.under:
            FAULTS.touch("fsync")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    yield FAULTS
    FAULTS.disarm()


@pytest.mark.parametrize("before", [None, "old"])
def test_a_fault_at_any_file_operation_leaves_the_old_state_or_the_new(
    tmp_path: Path, faults: Faults, before: str | None
) -> None:
    seen: set[str | None] = set()
    for at in range(1, 1000):
        folder = tmp_path / f"{before}{at}" / "artefact"
        if before:
            write(folder, before)
        faults.arm(at, folder)
        try:
            write(folder, "new")
            failed = False
        except OSError:
            failed = True
        faults.disarm()
        after = state(folder)
        assert after in (before, "new")
        assert failed or after == "new"
        seen.add(after)
        if faults.seen < at:
            break
        write(folder, "new")  # the next writer is not disturbed, and tidies up
        assert state(folder) == "new"
        assert len(list(folder.iterdir())) == 1 + len(NEW)
    assert 15 < at < 200
    assert seen == {before, "new"}


@pytest.mark.parametrize("old", [None, "old"])
def test_a_fault_while_text_is_written_leaves_the_old_text_or_the_new(
    tmp_path: Path, faults: Faults, old: str | None
) -> None:
    for at in range(1, 100):
        path = tmp_path / f"{old}{at}" / "text"
        if old:
            store.write_text(path, old)
        faults.arm(at, path.parent)
        try:
            store.write_text(path, "new")
            failed = False
        except OSError:
            failed = True
        faults.disarm()
        text = path.read_text() if path.exists() else None
        assert text == "new" if not failed else text in (old, "new")
        if faults.seen < at:
            break
    assert 3 < at < 50


def test_a_full_disk_at_any_byte_leaves_the_old_state(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    sizes = [0, 1, 64, 127, 128, 129, 140, 150, 200, 300, 400]
    outcomes = []
    for size in sizes:
        folder = tmp_path / str(size)
        write(folder, "old")
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            write(folder, "new")
            outcomes.append(True)
        except OSError:
            outcomes.append(False)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert state(folder) == ("new" if outcomes[-1] else "old")
        assert len([p for p in folder.iterdir() if p.name.endswith(".part")]) == 0
    assert not any(outcomes[:8])


def _die_at(at: int, folder: Path) -> None:
    left = [at]

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event.partition(".")[0] in ("open", "os") and any(
            str(a).startswith(str(folder)) for a in arguments
        ):
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)

    sys.addaudithook(audit)
    write(folder, "new")
    os._exit(0)


def test_a_writer_killed_at_any_moment_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    forking = multiprocessing.get_context("fork")
    seen = set()
    for at in range(1, 100):
        folder = tmp_path / str(at) / "artefact"
        write(folder, "old")
        child = forking.Process(target=_die_at, args=(at, folder))
        child.start()
        child.join()
        seen.add(state(folder))
        write(folder, "new")
        assert state(folder) == "new"
        assert len(list(folder.iterdir())) == 1 + len(NEW)
        if child.exitcode == 0:
            break
    assert at > 10
    assert seen == {"old", "new"}


def _alternate(folder: Path, started: Any) -> None:
    started.set()
    while True:
        write(folder, "new")
        write(folder, "old")


def test_writers_killed_at_random_moments_leave_one_whole_state(tmp_path: Path) -> None:
    forking = multiprocessing.get_context("fork")
    random = np.random.default_rng(0)
    write(tmp_path, "old")
    for _ in range(40):
        started = forking.Event()
        child = forking.Process(target=_alternate, args=(tmp_path, started))
        child.start()
        assert started.wait(60)
        time.sleep(random.uniform(0.002, 0.03))
        child.kill()
        child.join()
        assert state(tmp_path) in ("old", "new")
    write(tmp_path, "new")
    assert len(list(tmp_path.iterdir())) == 1 + len(NEW)


def test_old_drafts_of_a_text_are_removed_and_young_ones_left(tmp_path: Path) -> None:
    for name, hours in (
        (".report[1].html.aa.part", 2),
        (".report[1].html.bb.part", 0),
        (".other.aa.part", 2),
    ):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (time.time() - hours * 3600 - 60,) * 2)
    store.write_text(tmp_path / "report[1].html", "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        ".other.aa.part",
        ".report[1].html.bb.part",
        "report[1].html",
    ]


# ---- damage
# ------------------------------------------------------------------------------


def noticed(folder: Path) -> bool:
    try:
        state(folder)
    except DamagedArtefact as error:
        return error.next_step.startswith(f"delete {folder}")
    return False


@pytest.mark.parametrize("kind", ["npy", "safetensors"])
def test_every_flipped_byte_and_every_truncation_is_noticed(tmp_path: Path, kind: Any) -> None:
    write(tmp_path, "old", kind)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    for file in files:
        whole = file.read_bytes()
        for place in range(len(whole)):
            flip = (
                0x07 if whole[place] == 0x0A else 1 << place % 8
            )  # 0x07 turns a line feed into a carriage return
            file.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
            assert noticed(tmp_path), (file.name, place, flip)
            file.write_bytes(whole[:place])
            assert noticed(tmp_path), (file.name, place)
        file.write_bytes(whole + b"\n")
        assert noticed(tmp_path)
        file.write_bytes(whole)
    assert state(tmp_path) == "old"


def test_missing_swapped_and_foreign_files_are_noticed(tmp_path: Path) -> None:
    write(tmp_path / "a", "old")
    one, two = sorted((tmp_path / "a").glob("*.npy"))
    content = one.read_bytes()
    one.unlink()
    assert noticed(tmp_path / "a")
    one.write_bytes(two.read_bytes())
    assert noticed(tmp_path / "a")
    one.unlink()
    one.mkdir()
    assert noticed(tmp_path / "a")
    one.rmdir()
    one.write_bytes(content)
    assert state(tmp_path / "a") == "old"
    write(tmp_path / "b", "new")
    (tmp_path / "a" / store.MANIFEST).write_bytes((tmp_path / "b" / store.MANIFEST).read_bytes())
    assert noticed(tmp_path / "a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "null",
        '{"files": 3, "facts": {}}',
        '{"files": {}}',
        "{",
        '{"files": {"x": 3}, "facts": {}}',
    ],
)
def test_a_manifest_that_is_none_is_noticed(tmp_path: Path, text: str) -> None:
    write(tmp_path, "old")
    (tmp_path / store.MANIFEST).write_text(text)
    assert noticed(tmp_path)
    write(tmp_path, "new")
    assert state(tmp_path) == "new"


# ---- several at once
# ------------------------------------------------------------------------------


def _write_often(folder: Path, name: str, enough: Path) -> None:
    while not enough.exists():
        write(folder, name)


def test_readers_among_several_writers_always_find_one_whole_state(tmp_path: Path) -> None:
    folder, enough = tmp_path / "artefact", tmp_path / "enough"
    write(folder, "old")
    forking = multiprocessing.get_context("fork")
    writers = [
        forking.Process(target=_write_often, args=(folder, n, enough))
        for n in ("old", "new", "new")
    ]
    for writer in writers:
        writer.start()
    seen: list[str | None] = []
    began = time.monotonic()
    while time.monotonic() < began + (1 if set(seen) == {"old", "new"} else 60):
        seen.append(state(folder))
    enough.touch()
    for writer in writers:
        writer.join()
    assert [w.exitcode for w in writers] == [0, 0, 0]
    assert set(seen) == {"old", "new"}
    last = state(folder)
    assert len(list(folder.iterdir())) == 1 + len({"old": OLD, "new": NEW}[str(last)])


def test_where_folders_cannot_be_locked_writing_still_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    write(tmp_path, "old")
    write(tmp_path, "new")
    assert state(tmp_path) == "new"
    (tmp_path / store.MANIFEST).write_text("{")
    assert noticed(tmp_path)


# ---- digests and folders
# ------------------------------------------------------------------------------


@given(st.dictionaries(st.text(), plain_values, max_size=4))
def test_digest_does_not_depend_on_the_order_of_keys(value: dict[str, Any]) -> None:
    assert store.digest(value) == store.digest(dict(reversed(value.items())))


def test_digest_tells_values_apart() -> None:
    values = [
        1,
        1.5,
        "1",
        True,
        None,
        [1],
        [[1]],
        {"a": 1},
        {"a": "1"},
        {"b": 1},
        [1, 2],
        [2, 1],
        "",
        [],
    ]
    assert len({store.digest(v) for v in values}) == len(values)
    assert store.digest((1, 2)) == store.digest([1, 2])
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.digest(float("nan"))


def test_digest_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert store.digest_file(tmp_path / "x").startswith("ba7816bf8f01cfea414140de5dae2223")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PALATE_CACHE": "/c/p", "XDG_CACHE_HOME": "/x"}, "/c/p"),
        ({"PALATE_CACHE": "~/p"}, "/h/p"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/palate"),
        ({}, "/h/.cache/palate"),
    ],
)
def test_cache_folder(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PALATE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/h", **variables}.items():
        monkeypatch.setenv(name, value)
    assert store.cache_folder() == Path(expected)
