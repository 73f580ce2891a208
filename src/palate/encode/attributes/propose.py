"""Options that are not named by the recipe: a sample of the training items is read, and a closed
list is proposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from palate.answering import Proposes, ProposesGroups
from palate.encode.attributes.wanted import Options, Wanted
from palate.errors import BadInput, BadRecipe
from palate.seeding import generator
from palate.stages import Provider


def proposals(
    wants: Mapping[str, Wanted],
    texts: Sequence[str | None],
    proposer: Provider,
    sample: int,
    seed: int,
) -> dict[str, Options]:
    """Attribute -> options, different ones, at most as many as it may have; in groups where two
    levels are wanted.

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
    read = sampled(texts, sample, seed)
    return {name: _proposed(name, want, read, proposer, seed) for name, want in wants.items()}


def _proposed(
    name: str, want: Wanted, texts: Sequence[str], proposer: Provider, seed: int
) -> Options:
    question = want.question(name)
    if want.levels == 2:
        if not isinstance(proposer, ProposesGroups):
            raise _proposes_nothing(proposer, f"no options of two levels, which {name} wants")
        given = proposer.propose_groups(texts, question, want.most, seed)
        return _closed_groups(name, given, want.most)
    if not isinstance(proposer, Proposes):
        raise _proposes_nothing(proposer, f"no options, and {name} has none")
    return _closed(name, proposer.propose(texts, question, want.most, seed), want.most)


def _proposes_nothing(proposer: Provider, what: str) -> BadRecipe:
    return BadRecipe(
        f"{type(proposer).__name__} proposes {what}",
        where="proposer",
        allowed="a provider that can propose",
        next_step='add proposer = {part = "answers.clusters.v1"}, or name the options',
    )


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
    kept = tuple(dict(_different(options)).values())[:at_most]
    _refuse_few(name, len(kept))
    return kept


def _closed_groups(name: str, groups: Mapping[str, Sequence[str]], at_most: int) -> Options:
    """No option twice, not even in two groups; a group that has lost all of its own goes."""
    taken: set[str] = set()
    kept: dict[str, tuple[str, ...]] = {}
    named = dict(_different([g for g in groups if ">" not in g])).values()
    given = {" ".join(g.split()): options for g, options in groups.items()}
    for group in named:
        wanted = [o for o in given[group] if ">" not in o] or [group]
        own = [(f, o) for f, o in _different(wanted) if f not in taken][: at_most - len(taken)]
        taken |= {folded for folded, _ in own}
        options = tuple(option for _, option in own)
        if options:
            kept[group] = () if options == (group,) else options
    _refuse_few(name, len(taken))
    return kept


def _different(options: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(option without capitals, option) of those that differ and can be a name, in their order."""
    seen = set()
    for option in options:
        clean = " ".join(option.split())
        folded = clean.casefold()
        if clean and len(clean) <= 60 and folded not in seen:
            seen.add(folded)
            yield folded, clean


def _refuse_few(name: str, n: int) -> None:
    if n < 2:
        raise BadInput(
            f"{n} options were proposed for {name}",
            where=f"want.{name}.of",
            allowed="at least two different ones",
            next_step="name the options, or let more items be read (sample)",
        )
