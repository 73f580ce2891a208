"""What really happened, before files made dirt of it: people, goods, and events in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

START = 1_709_251_200
"""1 March 2024, 00:00 UTC, when the first events are."""

WORDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "en": (
        ("Amber", "Birch", "Cedar", "Dove", "Ember", "Fern", "Gull", "Heath", "Iris", "Juniper"),
        ("teapot", "rake", "notebook", "lamp", "kitchen knife", "chess board", "apron", "kettle"),
        ("small", "large", "blue"),
    ),
    "de": (
        ("Ahorn", "Birke", "Größe", "Eiche", "Föhre", "Jäger", "Krähe", "Möwe", "Süd", "Weiß"),
        ("Teekanne", "Rechen", "Notizbuch", "Lampe", "Küchenmesser", "Schürze", "Kessel", "Säge"),
        ("klein", "groß", "blau"),
    ),
    "fr": (
        ("Érable", "Bouleau", "Chêne", "Forêt", "Île", "Jardin", "Lumière", "Mère", "Noël", "Été"),
        ("théière", "râteau", "cahier", "lampe", "couteau", "tablier", "bouilloire", "échiquier"),
        ("petite", "grande", "bleutée"),
    ),
    "zh": (
        ("青山", "白鹿", "春风", "东海", "飞燕", "古月", "红梅", "金秋", "兰亭", "明月"),
        (
            "紫砂茶壶",
            "手工刺绣围裙",
            "陶瓷台灯",
            "竹制砧板",
            "钢笔墨水",
            "羽毛球拍",
            "电热水壶",
            "笔记本",
        ),
        ("小号", "大号", "蓝色"),
    ),
    "ko": (
        ("가람", "나래", "다솜", "라온", "마루", "바다", "사랑", "아름", "하늘", "초롱"),
        ("찻주전자", "갈퀴", "공책", "램프", "식칼", "앞치마", "주전자", "체스판"),
        ("작은", "큰", "파란"),
    ),
    "ru": (
        ("Берёза", "Волга", "Город", "Дуб", "Ель", "Журавль", "Заря", "Иней", "Клён", "Липа"),
        ("чайник", "грабли", "тетрадь", "лампа", "кухонный нож", "фартук", "самовар", "шахматы"),
        ("малый", "большой", "синий"),
    ),
    "ar": (
        ("أرز", "بحر", "جبل", "دار", "زهرة", "سماء", "شمس", "قمر", "نخيل", "وردة"),
        ("إبريق شاي", "مصباح", "دفتر", "سكين مطبخ", "مئزر", "غلاية", "رقعة شطرنج", "حقيبة"),
        ("صغير", "كبير", "أزرق"),
    ),
}
"""Language -> makers, things, sizes."""


@dataclass(frozen=True)
class Event:
    """User `user` did something with item `item` at second `at` (UTC); `rating` is 1 to 5."""

    user: int
    item: int
    at: int
    rating: int


@dataclass(frozen=True)
class Shop:
    """A small shop.

    Attributes:
        names: Of each item, in its language.
        things: What each item is, without maker and size.
        prices: Of each item, in cents.
        events: Sorted by time; no user meets an item twice.
        rng: For what files add.
    """

    names: tuple[str, ...]
    things: tuple[str, ...]
    prices: tuple[int, ...]
    events: tuple[Event, ...]
    rng: np.random.Generator = field(compare=False)

    @property
    def n_users(self) -> int:
        """How many people."""
        return 1 + max(event.user for event in self.events)


def shop(seed: int, language: str = "en", users: int = 200) -> Shop:
    """A shop of 240 goods in which everybody likes two kinds of things, and buys others as well."""
    rng = np.random.default_rng(seed)
    makers, things, sizes = WORDS[language]
    goods = [(m, t, s) for m in makers for t in things for s in sizes]
    chosen = [goods[row] for row in rng.permutation(len(goods))]
    events = []
    for user in range(users):
        liked = set(rng.choice(things, 2, replace=False))
        fits = [row for row, (_, thing, _) in enumerate(chosen) if thing in liked]
        own = set(rng.choice(fits, int(rng.integers(5, 10)), replace=False).tolist())
        other = set(rng.choice(len(chosen), int(rng.integers(2, 5)), replace=False).tolist()) - own
        day = int(rng.integers(0, 200))
        for item in rng.permutation([*own, *other]).tolist():
            day += int(rng.integers(1, 4))
            rating = int(rng.integers(4, 6)) if item in own else int(rng.integers(1, 4))
            at = START + day * 86_400 + int(rng.integers(7 * 3600, 22 * 3600))
            events.append(Event(user, int(item), at, rating))
    events.sort(key=lambda event: (event.at, event.user))
    return Shop(
        names=tuple(f"{maker} {thing} {size}" for maker, thing, size in chosen),
        things=tuple(thing for _, thing, _ in chosen),
        prices=tuple(int(p) for p in rng.integers(400, 250_000, len(chosen))),
        events=tuple(events),
        rng=rng,
    )


def orders_of(world: Shop) -> list[list[Event]]:
    """Events of a user that follow each other, put together to orders of one to three lines."""
    own: dict[int, list[Event]] = {}
    for event in world.events:
        own.setdefault(event.user, []).append(event)
    orders = []
    for user, events in own.items():
        start = 0
        while start < len(events):
            size = 1 + (user + start) % 3
            orders.append(events[start : start + size])
            start += size
    return sorted(orders, key=lambda order: order[0].at)
