"""Options that are not named by the recipe: a sample of the training items is read, and a closed
list is proposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from palate.answering import Proposes
from palate.encode.attributes.wanted import Wanted
from palate.errors import BadInput, BadRecipe
from palate.seeding import generator
from palate.stages import Provider


def proposals(
    wants: Mapping[str, Wanted],
    texts: Sequence[str | None],
    proposer: Provider,
    sample: int,
    seed: int,
) -> dict[str, tuple[str, ...]]:
    """Attribute -> options, different ones, at most as many as it may have.

    Args:
        wants: Attributes whose options are to be proposed.
        texts: Of the training items.
        proposer: Reads and proposes.
        sample: Texts that it reads at most.
        seed: Of the sample.

    Raises:
        BadRecipe: The proposer cannot propose.
        BadInput: There are no texts, or fewer than two options were proposed.
    """
    if not wants:
        return {}
    if not isinstance(proposer, Proposes):
        raise BadRecipe(
            f"{type(proposer).__name__} proposes no options, and {', '.join(wants)} has none",
            where="proposer",
            allowed="a provider that can propose",
            next_step='add proposer = {part = "answers.clusters.v1"}, or name the options',
        )
    read = sampled(texts, sample, seed)
    return {
        name: _closed(name, proposer.propose(read, want.question(name), want.most, seed), want.most)
        for name, want in wants.items()
    }


def sampled(texts: Sequence[str | None], sample: int, seed: int) -> list[str]:
    """Distinct texts, at most `sample` of them drawn by seed, in the order in which they stand.

    Raises:
        BadInput: There are none.
    """
    found = list(dict.fromkeys(t for t in texts if t is not None))
    if not found:
        raise BadInput(
            "no training item has text, so no options can be proposed",
            where="want",
            next_step="name the options, or other fields",
        )
    if len(found) <= sample:
        return found
    drawn = generator(seed, "texts that are read for options").permutation(len(found))[:sample]
    return [found[place] for place in sorted(drawn)]


def _closed(name: str, options: Sequence[str], at_most: int) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for option in options:
        clean = " ".join(option.split())
        if clean and len(clean) <= 60:
            first.setdefault(clean.casefold(), clean)
    kept = tuple(first.values())[:at_most]
    if len(kept) < 2:
        raise BadInput(
            f"{len(kept)} options were proposed for {name}",
            where=f"want.{name}.of",
            allowed="at least two different ones",
            next_step="name the options, or let more items be read (sample)",
        )
    return kept
