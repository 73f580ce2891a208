"""The optional fields of an encoder."""

from __future__ import annotations

import dataclasses
from typing import Any

from palate.capabilities import ReadsFields
from palate.registry import PartSpec, part_class
from palate.tables import Catalogue


def present_fields(encoder: PartSpec[Any], catalogue: Catalogue) -> PartSpec[Any]:
    """The encoder with its optional fields (`"overview?"`) kept where the catalogue has them and
    dropped elsewhere.
    """
    if not issubclass(part_class(encoder.name), ReadsFields):
        return encoder
    kept = tuple(
        f.removesuffix("?")
        for f in encoder.settings.fields
        if not f.endswith("?") or f[:-1] in catalogue.fields.columns
    )
    return PartSpec(encoder.name, dataclasses.replace(encoder.settings, fields=kept))
