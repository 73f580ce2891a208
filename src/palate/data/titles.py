"""Which fields name an item for people, and which one colours a map."""

from __future__ import annotations

from typing import Final

from palate.data.column_names import compact
from palate.data.fields import field_kinds
from palate.errors import BadRecipe, nearest
from palate.tables import Catalogue
from palate.tables.catalogue import as_text
from palate.tables.foreign_columns import TITLES

_MOSTLY: Final = 0.9
_SHORT: Final = 12

TITLE_FIELDS = (
    *("title", "name", "movie_title", "product_name", "headline", "caption"),
    *("product_title", "item_name", "item_title", "article_name", "post_title"),
    *TITLES,
)
LABEL_FIELDS = (
    "genres",
    "genre",
    "categories",
    "category",
    "class",
    "type",
    "tags",
    "attributes",
    "brand",
    *("product_type", "product_category", "类目", "分类", "品类", "类别", "品牌"),
    *("Warengruppe", "Kategorie", "catégorie", "categoría", "categoria", "категория"),
)


def titles(catalogue: Catalogue, field: str = "") -> list[str]:
    """A name for each item: the chosen field, one of a usual name, the first that holds short
    texts, or the id.

    Raises:
        BadRecipe: `field` is named and the catalogue does not have it.
    """
    chosen = named_by(catalogue, field)
    if not chosen:
        return list(catalogue.items.ids)
    values = as_text(catalogue.column(chosen)).to_list()
    return [value or name for value, name in zip(values, catalogue.items.ids, strict=True)]


def named_by(catalogue: Catalogue, field: str = "") -> str:
    """The field that names items, see `titles`; empty where none does.

    Raises:
        BadRecipe: `field` is named and the catalogue does not have it.
    """
    chosen = _chosen(catalogue, field, TITLE_FIELDS, "report.title_field")
    if chosen:
        return chosen
    texts = (k for k in field_kinds(catalogue) if k.kind == "text" and k.present >= _MOSTLY)
    return next((k.name for k in texts if 1 < k.median_words <= _SHORT), "")


def labels(catalogue: Catalogue, field: str = "") -> tuple[str, list[str]]:
    """The field that colours the map, and its first value for each item ("" where there is none).

    Raises:
        BadRecipe: `field` is named and the catalogue does not have it.
    """
    chosen = _chosen(catalogue, field, LABEL_FIELDS, "report.label_field")
    if not chosen:
        return "", [""] * len(catalogue)
    return chosen, [
        (text or "").split(",")[0].strip() for text in as_text(catalogue.column(chosen)).to_list()
    ]


def _chosen(catalogue: Catalogue, field: str, usual: tuple[str, ...], where: str) -> str:
    columns = catalogue.fields.columns
    if field and field not in columns:
        raise BadRecipe(
            f'the catalogue has no field "{field}"',
            where=where,
            allowed=", ".join(columns),
            next_step=nearest(field, columns),
        )
    by_name = {compact(c): c for c in reversed(columns)}
    return field or next((by_name[compact(n)] for n in usual if compact(n) in by_name), "")
