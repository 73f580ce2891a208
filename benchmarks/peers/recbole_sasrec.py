"""One process: RecBole's SASRec on an atomic file; prints seconds an epoch, seconds of full ranking
and peak memory.

Run by benchmarks/speed/peers.py with the interpreter that has RecBole: python recbole_sasrec.py
FOLDER EPOCHS
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import time
from pathlib import Path

SETTINGS = {
    "USER_ID_FIELD": "user_id",
    "ITEM_ID_FIELD": "item_id",
    "TIME_FIELD": "timestamp",
    "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
    "hidden_size": 64,
    "inner_size": 256,
    "n_layers": 2,
    "n_heads": 2,
    "hidden_dropout_prob": 0.5,
    "attn_dropout_prob": 0.5,
    "MAX_ITEM_LIST_LENGTH": 50,
    "loss_type": "CE",
    "train_neg_sample_args": None,
    "eval_args": {
        "split": {"LS": "valid_and_test"},
        "order": "TO",
        "group_by": "user",
        "mode": "full",
    },
    "metrics": ["Recall", "NDCG"],
    "topk": [10],
    "valid_metric": "NDCG@10",
    "eval_batch_size": 512 * 12_102,
    "device": "cpu",
    "use_gpu": False,
    "show_progress": False,
    "save_dataset": False,
}


def main(folder: str, epochs: int) -> None:
    """Train some epochs, rank all items for every user, say what it cost."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    # RecBole loads its own checkpoints, which newer versions of torch refuse unless told to
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.utils import get_model, get_trainer, init_seed

    logging.disable(logging.CRITICAL)
    root, name = os.path.split(folder.rstrip("/"))
    settings = {
        **SETTINGS,
        "data_path": root,
        "train_batch_size": int(os.environ.get("BATCH", "2048")),
    }
    sys.argv = sys.argv[:1]
    config = Config(model="SASRec", dataset=name, config_dict=settings)
    init_seed(1, True)
    train, _, test = data_preparation(config, create_dataset(config))
    model = get_model("SASRec")(config, train._dataset).to("cpu")
    trainer = get_trainer(config["MODEL_TYPE"], "SASRec")(config, model)
    seconds = []
    for epoch in range(epochs):
        started = time.perf_counter()
        trainer._train_epoch(train, epoch, show_progress=False)
        seconds.append(time.perf_counter() - started)
    started = time.perf_counter()
    found = trainer.evaluate(test, load_best_model=False, show_progress=False)
    ranking = time.perf_counter() - started
    told = {
        "epoch": statistics.median(seconds),
        "ranking": ranking,
        "examples": len(train._dataset),
        "peak": peak_gb(),
        "ndcg@10": float(found["ndcg@10"]),
    }
    sys.__stdout__.write(json.dumps(told) + "\n")


def peak_gb() -> float:
    """Greatest resident size of this process; the resources' own count goes on from the process
    that started it.
    """
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 2**20


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
