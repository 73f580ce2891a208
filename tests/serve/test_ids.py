from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from palate.serve.ids import new_id


def test_ids_of_many_threads_are_all_different() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: [new_id() for _ in range(500)], range(40)))
    ids = [one for some in found for one in some]
    assert len(set(ids)) == len(ids) == 20_000
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_gives_ids_of_its_own() -> None:
    new_id()  # some are left over
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, "".join(new_id() for _ in range(4)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as said:
        theirs = said.read()
    os.waitpid(child, 0)
    ours = {new_id() for _ in range(300)}
    assert not ours & {theirs[at : at + 32] for at in range(0, 128, 32)}
