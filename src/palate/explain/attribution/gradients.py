"""Integrated gradients through a torch encoder, from "no text" to the text, by captum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate import optional
from palate.arrays import Doubles
from palate.errors import BadInput
from palate.explain.attribution.pieces import Attribution, Piece, pieces_of


@dataclass(frozen=True, eq=False)
class TransformerScore:
    """A text's score as torch sees it: similarity of the mean-pooled encoding to a direction.

    Attributes:
        model: A transformers encoder (`AutoModel`) in evaluation mode, with `get_input_embeddings`.
        tokenizer: Its fast tokenizer.
        direction: float [d], e.g. a user's profile of unit length; the score is the cosine to it.
        max_tokens: Longer texts are cut.
    """

    model: Any
    tokenizer: Any
    direction: NDArray[Any]
    max_tokens: int = 256

    def __call__(self, texts: Sequence[str]) -> Doubles:
        """float64 [n], the scores, as `occlusion` wants them."""
        torch = _torch()
        encoded = self.tokenize(list(texts))
        with torch.no_grad():
            embedded = self.model.get_input_embeddings()(encoded["input_ids"])
            return np.asarray(self.of_embeddings(embedded, encoded["attention_mask"]), np.float64)

    def tokenize(self, texts: Sequence[str], *, with_offsets: bool = False) -> Any:
        """Token ids and mask of the texts; with the tokens' positions in the text on request."""
        return self.tokenizer(
            list(texts),
            return_tensors="pt",
            padding=True,
            truncation=True,
            max_length=self.max_tokens,
            return_offsets_mapping=with_offsets,
        )

    def of_embeddings(self, embedded: Any, mask: Any) -> Any:
        """Scores [n] of token embeddings [n, length, d]."""
        torch = _torch()
        states = self.model(inputs_embeds=embedded, attention_mask=mask).last_hidden_state
        weights = mask[..., None].to(states.dtype)
        pooled = (states * weights).sum(1) / weights.sum(1).clamp(min=1)
        direction = torch.as_tensor(np.asarray(self.direction, np.float32), dtype=states.dtype)
        return torch.nn.functional.cosine_similarity(pooled, direction[None, :], dim=1)


def integrated_gradients(text: str, scorer: TransformerScore, steps: int = 32) -> Attribution:
    """What each word adds to the score, on the straight way from padding tokens to the text.

    The words' values and those of the special tokens add up to the difference of the two scores, up
    to the error of the integral.

    Args:
        text: The text to explain.
        scorer: The encoder and the direction.
        steps: Points of the integral, >= 2.

    Cost: `steps` forward and backward passes of one text.

    Sundararajan, Taly & Yan, Axiomatic attribution for deep networks, ICML 2017.
    """
    if steps < 2:
        raise BadInput(f"{steps} steps", where="steps", allowed="2 or more; 32 is usual")
    captum = optional.need("captum.attr", extra="explain", purpose="take integrated gradients")
    torch = _torch()
    encoded = scorer.tokenize([text], with_offsets=True)
    ids, mask = encoded["input_ids"], encoded["attention_mask"]
    embed = scorer.model.get_input_embeddings()
    special = torch.as_tensor(
        scorer.tokenizer.get_special_tokens_mask(ids[0].tolist(), already_has_special_tokens=True)
    )
    padding = scorer.tokenizer.pad_token_id or 0
    empty = torch.where(special[None].bool(), ids, torch.full_like(ids, padding))
    with torch.no_grad():
        whole, start = embed(ids), embed(empty)
    method = captum.IntegratedGradients(
        lambda given: scorer.of_embeddings(given, mask.expand(len(given), -1))
    )
    found = method.attribute(whole, baselines=start, n_steps=steps, internal_batch_size=steps)
    tokens = found.detach().sum(-1)[0].numpy().astype(np.float64)
    pieces = pieces_of(text)
    values = by_piece(pieces, encoded["offset_mapping"][0].tolist(), tokens)
    with torch.no_grad():
        score = float(scorer.of_embeddings(whole, mask)[0])
    return Attribution(text, pieces, values, score, "integrated gradients")


def by_piece(pieces: Sequence[Piece], offsets: Sequence[Sequence[int]], tokens: Doubles) -> Doubles:
    """float64 [n_pieces], the tokens' values [n_tokens] given to the words that they are parts of.

    A token that covers several words is shared between them by length; one in no word (a comma) is
    left out.
    """
    values = np.zeros(len(pieces))
    for (start, end), value in zip(offsets, tokens, strict=True):
        for i, piece in enumerate(pieces):
            shared = min(end, piece.end) - max(start, piece.start)
            if shared > 0:
                values[i] += value * shared / (end - start)
    return values


def attention(text: str, scorer: TransformerScore) -> Attribution:
    """How much the last layer attends to each word: a picture that people like, and no explanation.

    Here as the yardstick that a real attribution has to beat.

    Jain & Wallace, Attention is not explanation, NAACL 2019.
    """
    torch = _torch()
    encoded = scorer.tokenize([text], with_offsets=True)
    with torch.no_grad():
        out = scorer.model(
            input_ids=encoded["input_ids"],
            attention_mask=encoded["attention_mask"],
            output_attentions=True,
        )
    tokens = out.attentions[-1][0].mean(0).mean(0).numpy().astype(np.float64)
    pieces = pieces_of(text)
    values = by_piece(pieces, encoded["offset_mapping"][0].tolist(), tokens)
    return Attribution(text, pieces, values, float(scorer([text])[0]), "attention")


def _torch() -> Any:
    return optional.need("torch", extra="text", purpose="look through a transformer")
