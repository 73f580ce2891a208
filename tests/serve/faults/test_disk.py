"""Every call on the files of a service fails in turn, the disk is full: old or new, not between."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def small_disk(tried: Callable[[str], ModuleType], tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    if not tried("faults.disk").mounted(place):
        pytest.skip("a file system of its own needs the right to mount one")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize(
    ("way", "first", "step"),
    [
        (("ERROR_ONCE", "EIO"), 1, 5),
        (("ERROR_FROM", "ENOSPC"), 3, 9),
        (("HALF_A_WRITE", "EIO"), 5, 9),
        (("KILL", "EIO"), 2, 5),
    ],
)
def test_a_call_that_fails_leaves_the_old_or_the_new_state(
    tried: Callable[[str], ModuleType],
    tmp_path: Path,
    way: tuple[str, str],
    first: int,
    step: int,
) -> None:
    faulty = tried("service.faulty")
    if faulty.compiler() is None:
        pytest.skip("no C compiler here, or no Linux")
    found = tried("faults.disk").swept(tmp_path, faulty.How[way[0]], way[1], first, step)
    assert found.wrong == []
    assert found.calls > 10


def test_a_full_disk_is_503_until_there_is_room_also_after_a_start(
    tried: Callable[[str], ModuleType], run_folder: Path, small_disk: Path
) -> None:
    found = tried("faults.disk").full(run_folder, small_disk, "i1")
    assert found.statuses <= {200, 201, 503}
    assert 503 in found.statuses
    assert found.lists == {200}
    assert found.restarted
    assert found.recovered == 200
    assert found.answered == found.kept > 100
