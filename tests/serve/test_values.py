"""Values as they are and encrypted: keys, exchanged keys, what was moved or changed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput, DamagedArtefact
from palate.serve.values import PLAIN, Encrypted, codec_of, stored_text, text_of

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.binary(), st.text())
def test_what_is_opened_is_what_was_sealed(value: bytes, about: str) -> None:
    about = about.encode("utf-8", "ignore").decode()
    codec = Encrypted([NEW, OLD])
    assert codec.decode(codec.encode(value, about), about) == value
    assert codec.decode(Encrypted([OLD]).encode(value, about), about) == value


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_texts_too(known: dict[str, str]) -> None:
    for codec in (PLAIN, Encrypted([NEW])):
        stored = stored_text(codec, json.dumps(known), "u")
        assert json.loads(text_of(codec, stored, "u")) == known


def test_a_value_is_not_to_be_seen_nor_whether_two_are_the_same() -> None:
    codec = Encrypted([NEW])
    one, two = codec.encode(b"vegan", "u"), codec.encode(b"vegan", "u")
    assert one != two
    assert b"vegan" not in one


def test_values_from_before_there_was_a_key_are_read() -> None:
    codec = Encrypted([NEW])
    assert codec.decode(b'{"a": 1}', "u") == b'{"a": 1}'
    assert text_of(codec, '{"a": 1}', "u") == '{"a": 1}'


def test_a_value_cannot_be_moved_to_another_or_changed() -> None:
    codec = Encrypted([NEW])
    stored = codec.encode(b"vegan", "u")
    for damaged, about in ((stored, "v"), (stored[:-1] + b"x", "u"), (stored[:20], "u")):
        with pytest.raises(DamagedArtefact, match="cannot be decrypted"):
            codec.decode(damaged, about)
    with pytest.raises(DamagedArtefact, match="cannot be decoded"):
        text_of(codec, "no base64!", "u")


def test_without_the_key_nothing_is_read() -> None:
    stored = Encrypted([OLD]).encode(b"vegan", "u")
    with pytest.raises(BadInput, match="none is given"):
        PLAIN.decode(stored, "u")
    with pytest.raises(BadInput, match="none of those"):
        Encrypted([NEW]).decode(stored, "u")


def test_keys_come_from_a_file_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PALATE_VALUE_KEY", raising=False)
    assert codec_of() is PLAIN
    text = "\n".join(base64.b64encode(key).decode() for key in (NEW, OLD))
    file = tmp_path / "value.key"
    file.write_text(text + "\n")
    monkeypatch.setenv("PALATE_VALUE_KEY", text)
    for codec in (codec_of(file), codec_of()):
        assert codec.decode(Encrypted([OLD]).encode(b"x", "u"), "u") == b"x"
        assert Encrypted([NEW]).decode(codec.encode(b"x", "u"), "u") == b"x"


@pytest.mark.parametrize("text", ["", "short", "!!!", base64.b64encode(bytes(16)).decode()])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "value.key"
    file.write_text(text)
    with pytest.raises(BadInput, match="no key to encrypt with"):
        codec_of(file)
    with pytest.raises(BadInput, match="cannot be read"):
        codec_of(tmp_path / "nowhere")
