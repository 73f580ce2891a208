"""The optional fields of an encoder."""

from __future__ import annotations

import dataclasses

from palate.registry import PartSpec
from palate.tables import Catalogue


def present_fields(encoder: PartSpec, catalogue: Catalogue) -> PartSpec:
    """The encoder with its optional fields (`"overview?"`) kept where the catalogue has them and
    dropped elsewhere.
    """
    fields = getattr(encoder.settings, "fields", None)
    if not fields:
        return encoder
    kept = tuple(
        f.removesuffix("?")
        for f in fields
        if not f.endswith("?") or f[:-1] in catalogue.fields.columns
    )
    return PartSpec(encoder.name, dataclasses.replace(encoder.settings, fields=kept))
