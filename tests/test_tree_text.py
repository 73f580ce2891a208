"""Damaged trees are refused before LightGBM reads them, which ends the process by some of them."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.model.test_tree_ranker import QUICK, world

from palate.errors import DamagedArtefact
from palate.model.gbdt import Gbdt
from palate.model.lambdamart import LambdaMart
from palate.model.tree_ranker import TreeRanker
from palate.seeding import generator
from palate.tree_text import checked_trees

lightgbm = pytest.importorskip("lightgbm")

N_COLUMNS = 5
N_DAMAGED = 200

CHILD = """
import json, sys
from dataclasses import replace
from pathlib import Path
import lightgbm, numpy as np
from palate.errors import DamagedArtefact
from palate.model.gbdt import Gbdt
from palate.model.lambdamart import LambdaMart
from palate.model.tree_ranker import TreeRanker
from palate.tree_text import checked_trees

rows, found = np.random.default_rng(1).normal(size=(40, 5)), {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        text = checked_trees(path.read_bytes(), 5)
    except DamagedArtefact as refused:
        found[path.name] = "refused"
        continue
    try:
        lightgbm.Booster(model_str=text).predict(rows, num_threads=1)
        found[path.name] = "read"
    except (ValueError, lightgbm.basic.LightGBMError):
        found[path.name] = "not read"
    print(json.dumps(found), flush=True)
print(json.dumps(found), flush=True)
"""


@pytest.fixture(scope="module")
def text() -> bytes:
    """Some trees."""
    rng = generator(3, "tests", "trees")
    X = rng.normal(size=(600, N_COLUMNS))
    right = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
    X[rng.random(X.shape) < 0.1] = np.nan
    settings = {
        "objective": "lambdarank",
        "num_leaves": 7,
        "min_data_in_leaf": 5,
        "verbose": -1,
        "num_threads": 1,
    }
    data = lightgbm.Dataset(X, right, group=[20] * 30)
    return str(lightgbm.train(settings, data, 5).model_to_string()).encode()


def damaged(text: bytes, rng: random.Random) -> bytes:
    """The text, damaged in one of eight ways."""
    content, end = bytearray(text), text.index(b"end of trees")
    at = rng.randrange(end if rng.random() < 0.85 else len(text))
    kind = rng.choice(["flip", "digit", "cut", "drop", "twice", "swap", "lines", "zeros"])
    if kind == "flip":
        content[at] ^= 1 << rng.randrange(8)
    elif kind == "digit":
        digits = [k for k in range(end) if content[k : k + 1].isdigit()]
        content[rng.choice(digits)] = 48 + rng.randrange(10)
    elif kind == "cut":
        del content[at:]
    elif kind == "drop":
        del content[at : at + rng.randrange(1, 200)]
    elif kind == "twice":
        content[at:at] = content[at : at + rng.randrange(1, 200)]
    elif kind == "swap":
        other = rng.randrange(end)
        content[at], content[other] = content[other], content[at]
    elif kind == "lines":
        lines = bytes(content).split(b"\n")
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
        return b"\n".join(lines)
    else:
        content[at : at + 64] = bytes(len(content[at : at + 64]))
    return bytes(content)


def test_whole_trees_are_taken_as_they_are(text: bytes) -> None:
    assert checked_trees(text, N_COLUMNS).encode() == text
    again = lightgbm.Booster(model_str=text.decode()).model_to_string()
    assert checked_trees(again.encode(), N_COLUMNS) == again


def test_damaged_trees_end_no_process(text: bytes, tmp_path: Path) -> None:
    rng = random.Random(5)
    for number in range(N_DAMAGED):
        (tmp_path / f"{number:03}").write_bytes(damaged(text, rng))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, (done.stderr[-500:], done.stdout.splitlines()[-1:])
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == N_DAMAGED
    refused = sum(one == "refused" for one in found.values())
    assert refused > N_DAMAGED / 2  # what is left has another number where one may be


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"version=v4", b"version=v9", "version"),
        (b"max_feature_idx=4", b"max_feature_idx=9", "max_feature_idx"),
        (b"objective=lambdarank", b"objective=custom", "another objective"),
        (b"num_leaves=7", b"num_leaves=9", "numbers where there should be"),
        (b"num_cat=0", b"num_cat=1", "another kind"),
        (b"split_feature=", b"split_feature=9 ", "numbers where there should be"),
        (b"left_child=", b"left_chald=", "left_child"),
        (b"end of trees", b"end of threes", "no end"),
        (b"end of parameters", b"", "no end"),
        (b"Tree=1", b"Tree=7", "not where it should be"),
        (b"leaf_value=", b"leaf_value=x", "no numbers"),
    ],
)
def test_what_is_wrong_is_said(text: bytes, old: bytes, new: bytes, says: str) -> None:
    wrong = text.replace(old, new, 1)
    assert wrong != text
    if len(new) != len(old):
        sizes = text.partition(b"tree_sizes=")[2].partition(b"\n")[0].split()
        first = str(int(sizes[0]) + len(new) - len(old)).encode()
        if text.index(old) < text.index(b"end of trees") and b"=" in old:
            wrong = wrong.replace(b"tree_sizes=" + sizes[0], b"tree_sizes=" + first, 1)
    with pytest.raises(DamagedArtefact, match=says):
        checked_trees(wrong, N_COLUMNS)


@pytest.mark.parametrize(
    ("children", "says"),
    [("0 2 -1 -4 -2 -5", "do not make a tree"), ("99 2 -1 -4 -2 -5", "do not make a tree")],
)
def test_branches_that_lead_nowhere_are_refused(text: bytes, children: str, says: str) -> None:
    lines = text.decode().split("\n")
    at = next(n for n, line in enumerate(lines) if line.startswith("left_child="))
    grown = len(f"left_child={children}") - len(lines[at])
    lines[at] = f"left_child={children}"
    sizes = next(n for n, line in enumerate(lines) if line.startswith("tree_sizes="))
    first, *others = lines[sizes].removeprefix("tree_sizes=").split(" ")
    lines[sizes] = "tree_sizes=" + " ".join([str(int(first) + grown), *others])
    with pytest.raises(DamagedArtefact, match=says):
        checked_trees("\n".join(lines).encode(), N_COLUMNS)


@pytest.mark.parametrize("kind", [LambdaMart, Gbdt])
def test_a_ranker_takes_up_its_trees_and_refuses_damaged_ones(kind: type[TreeRanker]) -> None:
    (training, context), test = world(planted=True)
    state = kind(QUICK).fit(training, context).state()
    loaded = kind(QUICK).load(state, context.members)
    assert np.isfinite(loaded.score(test.histories)).all()
    trees = np.array(state.arrays["trees"])
    trees[len(trees) // 3] = 0
    with pytest.raises(DamagedArtefact, match="trees of a model are damaged"):
        kind(QUICK).load(replace(state, arrays={**state.arrays, "trees": trees}), context.members)
