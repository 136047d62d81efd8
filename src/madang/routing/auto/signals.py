"""The signals by which complexity is judged, as rows with their weights; their sum is compared with two thresholds.

Words are looked for in the last question, in small letters with every sign but letters and digits made a space:
` prove` is the beginning of a word, ` class ` a whole one; words of other scripts stand anywhere. Weights were set by
hand on the half `tune` of tests/routing/auto_prompts.yaml. Whoever changes a row changes `SIGNALS` in
`config/scorer.py`: what trained scorers have learned is of these rows.
"""

from typing import Final, NamedTuple


class Words(NamedTuple):
    """`weight` for each different word that occurs, for at most `most` of them; `other` are those of other scripts."""

    name: str
    weight: float
    most: int
    latin: tuple[str, ...]
    other: tuple[str, ...]


class Size(NamedTuple):
    """`weight` where a number of `Seen` is at least `least`; of the rows of one name the highest counts."""

    name: str
    of: str
    least: float
    weight: float


MEDIUM_FROM: Final = 1.0
COMPLEX_FROM: Final = 4.25

# fmt: off
WORDS: Final = (
    Words("reasoning", 1.5, 3, (
        " prove ", " proof ", " deriv", " deduc", " step by step", " reason through", " justif", " trade off",
        " tradeoff", " root cause", " counterexample", " rigorous", " formally", " theorem", " analy",
        " critical", " evaluat", " implication", " hypothes", " causal", " conclusion", " assumption",
        " correctness", " weigh the", " compare ",
    ), (
        "증명", "유도", "도출", "단계별", "단계마다", "논증", "근거", "분석", "비판", "평가하", "평가해",
        "장단점", "트레이드오프", "반례", "근본 원인", "추론", "논리", "인과", "가정이", "비교", "귀류법",
        "证明", "推导", "逐步", "论证", "分析", "批判", "评估", "权衡", "利弊", "优缺点", "反例", "根本原因",
        "推理", "严格", "因果", "假设", "比较", "定理", "證明", "推導", "論證", "評估", "証明", "導出",
        "導いて", "段階", "論証", "評価", "トレードオフ", "長所", "推論", "厳密", "仮定", "比較", "根拠",
        "論理", "論じ",
    )),
    Words("design", 1.5, 2, (
        " architectur", " distributed", " scalab", " algorithm", " strateg", " fault toleran", " consisten",
        " migrat", " refactor", " failure mode", " deadlock", " concurren", " replicat", " roadmap",
        " rollback", " optimi",
    ), (
        "아키텍처", "설계", "분산", "알고리즘", "전략", "최적화", "일관성", "교착", "동시성", "마이그레이션",
        "마이크로서비스", "로드맵", "되돌리", "架构", "设计", "分布式", "算法", "策略", "优化", "一致性",
        "死锁", "并发", "迁移", "路线图", "回滚", "アーキテクチャ", "設計", "分散", "アルゴリズム", "戦略",
        "最適化", "整合性", "デッドロック", "並行", "移行", "ロードマップ", "切り戻し",
    )),
    Words("mathematics", 1.5, 2, (
        " integral", " derivative", " equation", " matrix", " matrices", " probabilit", " eigen", " frac ",
        " sum ", " inequalit", " infinitely", " modulo", " log n", " statistic",
    ), (
        "∑", "∫", "√", "≤", "≥", "∀", "∃", "적분", "미분", "방정식", "행렬", "확률", "고유값", "부등식",
        "무리수", "수식", "통계", "积分", "导数", "方程", "矩阵", "概率", "特征值", "不等式", "连续函数",
        "積分", "微分", "方程式", "行列", "確率", "固有値", "素数が", "数式", "統計",
    )),
    Words("code", 1.0, 2, (
        " function", " code ", " script ", " bug", " debug", " implement", " unit test", " regex", " sql ",
        " api ", " python", " javascript", " typescript", " java ", " rust ", " def ", " class ", " select ",
        " traceback", " exception", " compile", " query",
    ), (
        "코드", "함수", "버그", "디버", "리팩터", "구현", "스크립트", "단위 테스트", "정규식", "쿼리", "代码",
        "函数", "调试", "重构", "脚本", "单元测试", "正则", "查询", "编程", "コード", "関数", "バグ",
        "デバッグ", "リファクタ", "実装", "スクリプト", "正規表現", "クエリ",
    )),
    Words("composition", 1.0, 2, (
        " summar", " explain", " write ", " rewrite", " draft", " essay", " report", " article", " email",
        " plan ", " proposal", " story", " difference", " advertise", " list ", " why ", " describe",
        " discuss", " propose", " recommend",
    ), (
        "요약", "설명", "작성", "글을", "글 ", "일정", "보고서", "제안", "이야기", "차이", "문구", "정리",
        "편지", "메일", "소개", "써 줘", "고쳐", "왜 ", "계획", "总结", "解释", "说明", "写一", "邮件", "文章",
        "方案", "报告", "故事", "区别", "计划", "介绍", "改得", "为什么", "讨论", "制定", "要約", "説明",
        "書いて", "書き直", "メール", "記事", "プラン", "提案", "報告", "物語を", "違い", "計画", "紹介",
        "なぜ", "作って", "文面",
    )),
    Words("conditions", 0.5, 3, (
        " must ", " at least", " at most", " without ", " ensure", " exactly", " each ", " every ",
        " constraint", " thorough", " comprehensive", " in detail",
    ), (
        "반드시", "최소", "최대", "조건", "제약", "자세히", "상세", "종합", "必须", "至少", "最多", "约束",
        "条件", "详细", "全面", "每个", "每一", "必ず", "少なくとも", "制約", "詳細", "詳しく", "包括的",
        "それぞれ",
    )),
    Words("small talk", -2.0, 1, (
        " hi ", " hello ", " thanks ", " thank you ", " capital of ", " yes or no ", " synonym", " one word ",
        " one sentence ", " good morning ",
    ), (
        "안녕", "고마워", "번역해", "수도는", "한 단어", "한 문장", "몇 시", "비슷한 말", "영어로 뭐", "你好",
        "谢谢", "翻译成", "首都是", "一句话", "一个词", "几点", "近义词", "用英语怎么说", "こんにちは",
        "ありがとう", "訳して", "首都は", "一言", "何時", "類語", "英語で何",
    )),
)
# fmt: on

SIZES: Final = (
    Size("length", "tokens", 25, 0.5),
    Size("length", "tokens", 150, 1.0),
    Size("length", "tokens", 600, 2.0),
    Size("length", "tokens", 3_000, 4.5),
    Size("instructions", "system_tokens", 800, 0.5),
    Size("instructions", "system_tokens", 4_000, 1.0),
    Size("depth", "turns", 4, 0.5),
    Size("depth", "turns", 10, 1.5),
    Size("tools", "tools", 1, 1.0),
    Size("tools", "tools", 6, 2.0),
    Size("pictures", "pictures", 1, 1.0),
    Size("pictures", "pictures", 4, 2.0),
    Size("schema", "has_schema", 1, 0.5),
    Size("thinking", "thinks", 1, 4.5),
)

CODE_MARKS: Final = ("```", "();", "){", "=> ", "#include", "</", "Traceback (most")
"""What only stands where code is quoted: worth as much as two words of code."""

CODE_MARK_WORDS: Final = 2

CLAUSE_SIGNS: Final = ",;:.?!\n\u3001\u3002\uff0c\uff1b\uff1a\uff1f\uff01"
"""What ends a clause, also in Chinese and Japanese."""

SHAPES: Final = {"size": 5, "clauses": 2, "figures": 0}
"""Signals that no rule weighs, for trained scorers: tokens, signs that end a clause, and digits of the last question.

Each is counted by doublings (1, 2, 4, 8 … are 1, 2, 3, 4 …), from what is usual of a question between simple and
medium: so the sums of scorers and rules are of one size.
"""
