"""Words that titles are made of: some name a topic, the others say nothing."""

from __future__ import annotations

from functools import cache

import numpy as np

TOPICS = tuple(
    row.split()
    for row in """
space rocket planet astronaut
war soldier battle trench
farm tractor cow harvest
racing car engine speedway
puzzle riddle crossword maze
zombie undead plague grave
football goal stadium striker
wizard spell dragon potion
city skyline mayor traffic
horror haunted scream ghost
railway locomotive station carriage
chess bishop checkmate pawn
pirate ship treasure sail
robot android circuit machine
kitchen recipe chef oven
ninja samurai katana dojo
medieval knight castle tournament
ocean whale coral diver
doctor hospital nurse surgery
detective murder clue suspect
wedding bride love groom
school teacher pupil classroom
jungle monkey tiger vine
desert camel dune oasis
winter snow ski blizzard
guitar band concert song
painting canvas gallery sculptor
court lawyer trial verdict
bank heist vault robber
circus clown acrobat tent
horse saddle rodeo cowboy
dog puppy leash kennel
garden rose orchid greenhouse
airport pilot runway aeroplane
dinosaur fossil jurassic extinct
vampire fang coffin blood
spy agent cipher embassy
boxing ring knockout champion
poker casino roulette gambler
wine vineyard cellar grape
""".strip().splitlines()
)
"""Four words for each of forty topics."""

CHINESE = tuple(
    row.split()
    for row in """
太空火箭 行星探索 宇航员
战争士兵 战壕 前线
农场拖拉机 奶牛 丰收
赛车引擎 跑道 车手
谜题 填字游戏 迷宫
僵尸瘟疫 坟墓 亡灵
足球球场 进球 前锋
巫师咒语 魔药 龙
城市天际线 市长 交通
恐怖鬼屋 尖叫 幽灵
铁路机车 车站 车厢
国际象棋 将军 棋盘
海盗宝藏 帆船 船长
机器人电路 机械 仿生人
厨房食谱 厨师 烤箱
忍者武士 道场 刀剑
中世纪骑士 城堡 比武
海洋鲸鱼 珊瑚 潜水
医院医生 护士 手术
侦探谋杀 线索 嫌疑人
婚礼新娘 爱情 新郎
学校老师 学生 教室
丛林猴子 老虎 藤蔓
沙漠骆驼 沙丘 绿洲
冬季滑雪 暴雪 雪山
吉他乐队 演唱会 歌曲
油画画廊 雕塑家 画布
法庭律师 审判 判决
银行劫案 金库 劫匪
马戏团小丑 杂技 帐篷
""".strip().splitlines()
)
"""Three for each of thirty topics, without blanks between the words."""

FILLERS, CHINESE_FILLERS = (
    tuple(row.split())
    for row in (
        "new classic deluxe original silent golden lost final great little first second blue red"
        " green old young dark bright quiet long short high simple modern standard special grand"
        " royal common rare double single open north south east west early late",
        "新版 经典 豪华 原创 金色 最后 伟大 小小 第一 蓝色 红色 绿色 古老 年轻 简单",
    )
)
POOL = 40
"""Titles of each topic, so that many worlds share them and a language model reads each once."""


def titles(rng: np.random.Generator, topic: np.ndarray, *, chinese: bool = False) -> list[str]:
    """A title for each item: two words of its topic among two that say nothing.

    Items of a topic have different titles, as long as there are no more than `POOL` of them.

    Args:
        rng: Draws the titles.
        topic: int64 [n_items], numbers of topics.
        chinese: In Chinese, where words are not separated.
    """
    made = [""] * len(topic)
    for t in np.unique(topic):
        rows = np.flatnonzero(topic == t)
        pool = _pool(int(t), chinese=chinese)
        order = np.concatenate([rng.permutation(POOL) for _ in range(0, len(rows), POOL)])
        for row, place in zip(rows, order, strict=False):
            made[row] = pool[place]
    return made


@cache
def _pool(topic: int, *, chinese: bool) -> list[str]:
    rng = np.random.default_rng([topic, chinese])
    words, fillers = (CHINESE, CHINESE_FILLERS) if chinese else (TOPICS, FILLERS)
    made: dict[str, None] = {}
    while len(made) < POOL:
        own, other = rng.choice(words[topic], 2, replace=False)
        a, b = rng.choice(fillers, 2, replace=False)
        made[f"{a}{own}{b}{other}" if chinese else f"{a} {own} {b} {other}"] = None
    return list(made)
