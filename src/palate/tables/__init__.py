"""The nouns: frozen values that every stage takes and gives."""

from palate.tables.cases import Cases, Histories, Purpose, SealedCases, Split, Training
from palate.tables.catalogue import Catalogue
from palate.tables.coded import Coded
from palate.tables.dataset import Dataset
from palate.tables.event import Event
from palate.tables.features import Block, FeatureTable, Origin
from palate.tables.findings import Finding
from palate.tables.fusion import FusionReading
from palate.tables.interactions import Interactions
from palate.tables.offers import Offers
from palate.tables.questions import Answer, Lesson, Question, Spending
from palate.tables.rankings import Rankings, TargetRanks
from palate.tables.request import Request
from palate.tables.rewards import Rewards
from palate.tables.slate import SlateCandidates
from palate.tables.vocabulary import Vocabulary

__all__ = [
    "Answer",
    "Block",
    "Cases",
    "Catalogue",
    "Coded",
    "Dataset",
    "Event",
    "FeatureTable",
    "Finding",
    "FusionReading",
    "Histories",
    "Interactions",
    "Lesson",
    "Offers",
    "Origin",
    "Purpose",
    "Question",
    "Rankings",
    "Request",
    "Rewards",
    "SealedCases",
    "SlateCandidates",
    "Spending",
    "Split",
    "TargetRanks",
    "Training",
    "Vocabulary",
]
