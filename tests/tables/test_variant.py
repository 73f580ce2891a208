"""What a model is: made of fields, never read back from a name."""

from __future__ import annotations

import pytest

from palate.tables.variant import Kind, Role, Variant


@pytest.mark.parametrize(
    ("variant", "name", "role"),
    [
        (Variant("ease+both"), "ease+both", "model"),
        (Variant("ease+both", "permuted", ("text",)), "ease+both~permuted", "control"),
        (Variant("ease+both", "random", ("text",)), "ease+both~random", "control"),
        (Variant("ease+both", "without", ("words",)), "ease+both-without-words", "ablation"),
        (Variant("ease+both", "counterpart", ("a", "b")), "ease+both-without-features", "ablation"),
        (Variant("alone", "combination", ("ids", "text")), "alone: ids, text", "combination"),
        (Variant("BPR", "published"), "BPR", "published"),
    ],
)
def test_names_and_roles(variant: Variant, name: str, role: Role) -> None:
    assert (variant.name, variant.role) == (name, role)


@pytest.mark.parametrize("kind", ["permuted", "random"])
def test_models_that_look_like_variants_are_told_apart(kind: Kind) -> None:
    looks, is_one = Variant(f"blend~{kind}"), Variant("blend", kind)
    assert looks.name == is_one.name
    assert looks != is_one
    assert looks.role == "model"
