"""What a language model proposes in JSON under a schema, whichever way it is reached: options,
options in groups, a schema of attributes, an order of things to try, a text in other words, the
heading of a list.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from palate.answering import (
    OrdersNames,
    Paraphrases,
    Proposes,
    ProposesGroups,
    ProposesSchema,
    WritesHeadings,
)
from palate.encode.attributes.list_headings import (
    TOKENS,
    heading_format,
    heading_messages,
    heading_of,
)
from palate.encode.attributes.paraphrasing import (
    paraphrase_format,
    paraphrase_messages,
    paraphrase_tokens,
    written_paraphrases,
)
from palate.encode.attributes.proposing import (
    names_format,
    names_messages,
    proposal_format,
    proposal_messages,
    proposal_tokens,
    proposed_groups,
    proposed_options,
    schema_format,
    schema_messages,
    schema_tokens,
    suggested_rows,
)
from palate.tables.list_heading import ListHeading
from palate.tables.questions import Question


class WritesProposals(
    Proposes, ProposesGroups, ProposesSchema, OrdersNames, Paraphrases, WritesHeadings
):
    """A provider whose model writes JSON; it gives the writing, and gets all proposals."""

    @abstractmethod
    def write_json(
        self, chat: Sequence[Mapping[str, str]], limit: int, form: Mapping[str, Any]
    ) -> str:
        """What the model writes.

        Args:
            chat: The messages.
            limit: Most tokens of the reply.
            form: The `response_format`.

        Raises:
            PalateError: The model cannot be reached or may not be paid.
        """

    @abstractmethod
    def sample_letters(self, limit: int) -> int:
        """Letters of a sample for which there is room beside a reply of `limit` tokens."""

    def propose(
        self, texts: Sequence[str], question: Question, at_most: int, seed: int
    ) -> Sequence[str]:
        """Options after a look at a sample, in one request; none where the reply is no list. A
        model of a few hundred million parameters is a poor judge of a list: edit what it proposes,
        or let clusters propose.

        Raises:
            PalateError: See `write_json`.
        """
        return proposed_options(self._proposed(texts, question, at_most, 1))

    def propose_groups(
        self, texts: Sequence[str], question: Question, at_most: int, seed: int
    ) -> Mapping[str, Sequence[str]]:
        """As `propose`, in groups."""
        return proposed_groups(self._proposed(texts, question, at_most, 2))

    def propose_schema(
        self,
        texts: Sequence[str],
        fields: Mapping[str, Sequence[Sequence[str]]],
        at_most: int,
        seed: int,
    ) -> Sequence[Mapping[str, Any]]:
        """What is worth asking, after a look at fields and a sample, in one request.

        Raises:
            PalateError: See `write_json`.
        """
        limit = schema_tokens(at_most)
        chat = schema_messages(texts, fields, at_most, self.sample_letters(limit))
        return suggested_rows(self.write_json(chat, limit, schema_format()))

    def order_names(
        self, task: str, about: str, names: Sequence[str], at_most: int
    ) -> Sequence[str]:
        """Some of the names in the model's order, in one request.

        Raises:
            PalateError: See `write_json`.
        """
        limit = proposal_tokens(at_most)
        chat = names_messages(task, about, at_most, self.sample_letters(limit))
        return proposed_options(self.write_json(chat, limit, names_format(names)))

    def paraphrases(self, text: str, n: int) -> Sequence[str]:
        """The text in other words, n times, in one request.

        Raises:
            PalateError: See `write_json`.
        """
        chat, limit = paraphrase_messages(text, n), paraphrase_tokens(text, n)
        return written_paraphrases(self.write_json(chat, limit, paraphrase_format(n)), n)

    def head_list(self, texts: Sequence[str]) -> ListHeading | None:
        """A heading, in one request."""
        chat = heading_messages(texts, self.sample_letters(TOKENS))
        return heading_of(self.write_json(chat, TOKENS, heading_format()))

    def _proposed(self, texts: Sequence[str], question: Question, at_most: int, levels: int) -> str:
        limit = proposal_tokens(at_most, levels)
        chat = proposal_messages(texts, question, at_most, self.sample_letters(limit), levels)
        return self.write_json(chat, limit, proposal_format(levels))
