"""A generator of lists that has learnt the likelihood alone."""

from __future__ import annotations

from typing import ClassVar, final

from palate.gradient.loop import Curve
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.list_generator import ListGenerator
from palate.model.generate.pretrained import Network
from palate.model.generate.settings import GeneratorSettings
from palate.stages import FitContext
from palate.tables import Training


@final
class Generator(ListGenerator):
    """A list, item by item: each is the likeliest after the history and the items above it.

    It learns what people did next, in order: which items follow each other, complement or replace
    each other. Where lists have no such structure, a scorer that looks at one item at a time is as
    good and much quicker; see the quality tables. `model.seqgan.v1` and `model.grpo.v1` start from
    it.

    Candidates are the best items of another model, which may add its say to each choice (`trust`,
    chosen on validation cases). No item is listed twice, nor one of the history. With `block` items
    are known by content too, so that new ones are listed.

    Args:
        settings: See `GeneratorSettings`.

    Attributes:
        network_: What lists.
        curve_: How training went.

    Cost: an epoch takes about n_rows negatives width 6 multiplications; a list length x candidates
        x width, and one scoring by the member.

    History as in Kang & McAuley, Self-attentive sequential recommendation, ICDM 2018.
    """

    does: ClassVar[str] = "a neural network that puts a list together item by item."
    Settings = GeneratorSettings

    def __init__(self, settings: GeneratorSettings | None = None) -> None:
        self.settings = settings or GeneratorSettings()

    def _improved(
        self, start: Pretrained, training: Training, context: FitContext
    ) -> tuple[Network, Curve]:
        return start.network, start.curve
