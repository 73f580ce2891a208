"""Reasons in plain sentences, English and Chinese."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own
from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "zh"]
Deed: TypeAlias = Literal["liked", "watched", "read", "bought", "visited", "listened to"]

_DEEDS: dict[Deed, str] = {
    "liked": "喜欢过",
    "watched": "看过",
    "read": "读过",
    "bought": "买过",
    "visited": "去过",
    "listened to": "听过",
}
_LONGEST = 60


def because_you(titles: Sequence[str], deed: Deed = "liked", language: Language = "en") -> str:
    """Name the past items that made the score; without any, say what else it was.

    >>> because_you(["Alien", "Blade Runner"], "watched")
    'Because you watched “Alien” and “Blade Runner”.'
    >>> because_you(["异形"], "watched", "zh")
    '因为您看过《异形》。'
    """
    if not titles:
        return "很多人都喜欢。" if language == "zh" else "Many people like it."
    if language == "zh":
        return f"因为您{_DEEDS[deed]}{_and(titles, language)}。"
    return f"Because you {deed} {_and(titles, language)}."


def shares_words(words: Sequence[str], title: str, language: Language = "en") -> str:
    """Say what the content has in common with a past item; nothing where it has nothing.

    >>> shares_words(["space", "android"], "Alien")
    'Like “Alien”, it is about space and android.'
    """
    if not words:
        return ""
    if language == "zh":
        return f"和{_quoted(title, language)}一样，都与{'、'.join(words)}有关。"
    return f"Like {_quoted(title, language)}, it is about {_listed(words)}."


def would_change(titles: Sequence[str], deed: Deed = "liked", language: Language = "en") -> str:
    """Say what would have to be different for the item not to be shown.

    >>> would_change(["Alien"], "watched")
    'Had you not watched “Alien”, it would not be on your list.'
    """
    if not titles:
        return (
            "它出现在列表中与您的历史无关。"
            if language == "zh"
            else "It would be on your list whatever you had done."
        )
    if language == "zh":
        return f"如果您没有{_DEEDS[deed]}{_and(titles, language)}，它就不会出现在您的列表中。"
    return f"Had you not {deed} {_and(titles, language, 'and')}, it would not be on your list."


def _and(titles: Sequence[str], language: Language, word: str = "and") -> str:
    quoted = [_quoted(title, language) for title in titles]
    return (
        "".join(quoted[:-1]) + ("和" if len(quoted) > 1 else "") + quoted[-1]
        if language == "zh"
        else _listed(quoted, word)
    )


def _listed(words: Sequence[str], word: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {word} {words[-1]}"


def _quoted(title: str, language: Language) -> str:
    clean = " ".join(title.split())
    short = clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1].rstrip() + "…"
    return f"《{short}》" if language == "zh" else f"“{short}”"
