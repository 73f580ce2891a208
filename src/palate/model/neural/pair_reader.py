"""A transformer that reads a history and a candidate together and says how well they go
together.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from palate.arrays import Floats, Ragged, Rows, offsets_of
from palate.gradient.engine import Parameters, Tensor, glorot, tensor, torch_library, torch_rng
from palate.growth import padded
from palate.language_model import LanguageModel
from palate.optional import need
from palate.store import Artefact
from palate.tables import Histories

PAIRS_AT_ONCE = 32


class PairReader:
    """A transformer, and a line from the mean of its tokens to one number.

    Args:
        body: Transformer of transformers, changed in place.
        head: `"head"` -> float32 [width, 1].
        tokens: Tokens of each item's text; none where it has no text.
        last: Newest items of a history that are read.
        padding: Token number of the padding.
    """

    def __init__(
        self, body: Any, head: Parameters, tokens: Ragged, last: int, padding: int
    ) -> None:
        self.body, self.head, self.tokens, self.padding = body, head, tokens, padding
        self.last = last
        limit = getattr(body.config, "max_position_embeddings", None)
        self.longest = int(limit) - 2 if limit else 10_000
        # Dropout would draw from torch's global generator; without it tuning is the same on every
        # run.
        body.eval()

    @classmethod
    def of(
        cls,
        model: LanguageModel,
        texts: Sequence[str | None],
        item_tokens: int,
        last: int,
        seed: int,
    ) -> PairReader:
        """A language model and the items' texts, each cut to `item_tokens` tokens; the head starts
        at random.
        """
        pieces = _cut(model.tokens([text or "" for text in texts]), item_tokens)
        lengths = np.where([bool(text) for text in texts], pieces.lengths(), 0)
        kept = np.repeat(lengths > 0, pieces.lengths())
        tokens = Ragged(pieces.values[kept], offsets_of(lengths))
        width = int(model.module.body.config.hidden_size)
        head = {"head": glorot(width, 1, torch_rng(seed, "cross-encoder", "head"))}
        return cls(model.module.body, head, tokens, last, model.padding)

    @classmethod
    def restored(cls, state: Artefact, last: int) -> PairReader:
        """The reader that `arrays` and `facts` tell of."""
        transformers = need(
            "transformers", extra="text", purpose="read history and candidate together"
        )
        stored = json.loads(state.facts["config"])
        config = transformers.AutoConfig.for_model(**stored)
        body = getattr(transformers, state.facts["body"])(config)
        prefix = "body."
        values = {
            n.removeprefix(prefix): tensor(a)
            for n, a in state.arrays.items()
            if n.startswith(prefix)
        }
        body.load_state_dict(values)
        tokens = Ragged(np.asarray(state.arrays["tokens"]), np.asarray(state.arrays["offsets"]))
        head = {"head": tensor(state.arrays["head"])}
        return cls(body, head, tokens, last, int(state.facts["padding"]))

    @property
    def n_items(self) -> int:
        """Items of the vocabulary."""
        return len(self.tokens)

    def with_items(self, n_items: int) -> PairReader:
        """The same transformer; further items have no text."""
        more = copy.copy(self)
        lengths = padded(self.tokens.lengths(), n_items)
        more.tokens = Ragged(self.tokens.values, offsets_of(lengths))
        return more

    def parameters(self) -> Parameters:
        """Everything that is tuned."""
        return {**{f"body.{n}": p for n, p in self.body.named_parameters()}, **self.head}

    def arrays(self) -> dict[str, Any]:
        """Weights and tokens, to be stored."""
        weights = {
            f"body.{n}": np.array(p.detach().numpy()) for n, p in self.body.state_dict().items()
        }
        head = np.array(self.head["head"].detach().numpy())
        return {
            **weights,
            "head": head,
            "tokens": self.tokens.values,
            "offsets": self.tokens.offsets,
        }

    def facts(self) -> dict[str, Any]:
        """What the weights belong to."""
        config = self.body.config.to_json_string(use_diff=False)
        return {"body": type(self.body).__name__, "config": config, "padding": self.padding}

    def read(self, histories: Histories, items: Rows) -> Floats:
        """float32 [n_cases, width], what is said of the `items` (-1: nothing); 0 where there is no
        text to read.
        """
        out = np.zeros(items.shape, np.float32)
        with_text = np.flatnonzero(self.tokens.lengths())
        case, place = np.nonzero(np.isin(items, with_text))
        with torch_library().inference_mode():
            for start in range(0, len(case), PAIRS_AT_ONCE):
                part = slice(start, start + PAIRS_AT_ONCE)
                pairs = zip(
                    case[part].tolist(), items[case[part], place[part]].tolist(), strict=True
                )
                texts = [self.pair(histories.items[c], i) for c, i in pairs]
                out[case[part], place[part]] = self(texts).numpy()
        return out

    def pair(self, history: Rows, item: int) -> list[int]:
        """Tokens of the item and of the newest items of a history, newest first; without their
        opening token.
        """
        joined = self.tokens[item].tolist()
        opened = self._opening()
        for event in history[::-1][: self.last].tolist():
            joined += self.tokens[event].tolist()[opened:]
        return list(joined[: self.longest])

    def __call__(self, pairs: Sequence[Sequence[int]]) -> Tensor:
        """float32 [n], what is said of some pairs' tokens, with gradients."""
        torch = torch_library()
        width = max(len(p) for p in pairs)
        tokens = torch.full((len(pairs), width), self.padding, dtype=torch.int64)
        mask = torch.zeros((len(pairs), width), dtype=torch.int64)
        for row, pair in enumerate(pairs):
            tokens[row, : len(pair)] = torch.tensor(pair)
            mask[row, : len(pair)] = 1
        hidden = self.body(
            input_ids=tokens, attention_mask=mask, return_dict=True
        ).last_hidden_state
        weights = mask.unsqueeze(-1).float()
        return ((hidden * weights).sum(1) / weights.sum(1) @ self.head["head"])[:, 0]

    def _opening(self) -> int:
        """1 if every text begins with the same token, which then stands for the beginning; else
        0.
        """
        starts = self.tokens.offsets[:-1][self.tokens.lengths() > 0]
        return int(len(starts) > 1 and len(np.unique(self.tokens.values[starts])) == 1)


def _cut(tokens: Ragged, most: int) -> Ragged:
    """Each row's first tokens; the last one of a row that is cut stays its last."""
    rows = [
        row if len(row) <= most else np.concatenate([row[: most - 1], row[-1:]])
        for row in (tokens[i] for i in range(len(tokens)))
    ]
    return Ragged.of(rows)
