"""Sessions in German, Spanish, Chinese and Japanese: rules and facts in the words of their speakers."""
# ruff: noqa: RUF001 (full-width punctuation is meant)

import random
from dataclasses import dataclass

from shared.wire.items import Item
from tests.benchmarks.quality.chats import Session
from tests.benchmarks.quality.planted import Planted, Template, fresh_values, templates
from tests.benchmarks.quality.small_talk import say


@dataclass(frozen=True, slots=True)
class Language:
    """What people say in it, what models answer, and a bank of facts. `density` is characters a token."""

    code: str
    said: tuple[str, ...]
    answered: tuple[str, ...]
    things: tuple[str, ...]
    bank: list[Template]
    density: float


def session_in(rng: random.Random, language: Language, tokens: int) -> Session:
    """Return a session of about so many tokens with every fact of the language's bank in it."""
    items: list[Item] = []
    size = 0
    while size < tokens * language.density:
        asked, answered = (
            _talk(rng, language, language.said, 1, 3),
            _talk(rng, language, language.answered, 3, 8),
        )
        items += [say("user", asked), say("assistant", answered)]
        size += len(asked) + len(answered)
    planted = [template.planted(fresh_values(rng)) for template in language.bank]
    for fact in planted:
        _insert(rng, language, items, fact)
    return Session(items, [fact.probe for fact in planted])


def _talk(rng: random.Random, language: Language, sentences: tuple[str, ...], least: int, most: int) -> str:
    chosen = rng.sample(sentences, min(rng.randrange(least, most), len(sentences)))
    gap = "" if language.code in ("zh", "ja") else " "
    return gap.join(
        each.format(a=rng.choice(language.things), b=rng.choice(language.things)) for each in chosen
    )


def _insert(rng: random.Random, language: Language, items: list[Item], fact: Planted) -> None:
    position = 2 * rng.randrange(int(len(items) // 2 * 0.93))
    gap = "" if language.code in ("zh", "ja") else " "
    before = _talk(rng, language, language.said, 1, 2)
    text = fact.sentences[0] if rng.random() < 0.5 else f"{before}{gap}{fact.sentences[0]}"
    reply = _talk(rng, language, language.answered, 1, 3)
    items[position:position] = [say("user", text), say("assistant", reply)]


GERMAN = Language(
    "de",
    (
        "Wie hängen {a} und {b} eigentlich zusammen?", "Kannst du mir {a} noch einmal erklären?",
        "Das klingt einleuchtend, danke.", "Gestern habe ich lange über {a} nachgedacht und bin nicht weit gekommen.",
        "Mein Bruder hält {a} für überschätzt.", "Und was ist mit {b}?", "Ich war gerade beim Kochen, entschuldige.",
        "Bleiben wir noch kurz bei {a}.", "Gibt es dazu ein gutes Buch?", "Das Wetter ist heute grau und windig.",
        "So habe ich das noch nie gesehen.", "Was wäre der häufigste Fehler bei {a}?", "Vielleicht versuche ich es am Wochenende.",
        "Erzähl mir etwas über die Geschichte von {b}.", "Ich verwechsle {a} und {b} jedes Mal.",
    ),
    (
        "Es gibt mehrere Sichtweisen auf {a}, und sie unterscheiden sich vor allem darin, wo {b} hingehört.",
        "Kurz gesagt hängt es davon ab, wie viel Zeit man hat.", "Viele beginnen mit {b}, weil es einfacher aussieht.",
        "In der Praxis überschneiden sich {a} und {b}.", "Man sollte immer zuerst messen und dann entscheiden.",
        "Historisch geht {a} weit zurück, die heutige Form ist aber jung.", "Das ist eine gute Frage, auf die es keine einfache Antwort gibt.",
        "Ein Beispiel: Zuerst kommt {a}, dann bleibt man stecken, und {b} hilft weiter.",
    ),
    ("Sauerteig", "Zinseszins", "Trockenmauern", "Aquarellmalerei", "doppelte Buchführung", "Fruchtfolge", "Volkstanz", "Statistik"),
    [
        *templates("rule", """
        Verträge unterschreibt ausschließlich {name}. | {name} | ausschließlich
        Gib die Adresse von {name} unter keinen Umständen heraus. | {name} | unter keinen umständen
        An der Datei {path} wird nichts geändert. | {path} | nichts geändert
        Wir dürfen pro Bestellung nicht über {m} Euro kommen. | {m} euro | nicht über
        Bitte keine Termine vor {clock}. | keine termine | {clock}"""),
        *templates("preference", """
        Mir sind kurze Antworten am liebsten. | kurze antworten
        Duzen ist in Ordnung, Siezen finde ich steif. | duzen | steif"""),
        *templates("fact", """
        Der Mietvertrag läuft bis {date}. | mietvertrag | {date}
        Zuständig für die Heizung ist {name}. | {name} | heizung
        Das Aktenzeichen lautet {code}. | {code}
        Für das Dach haben wir {m} Euro zurückgelegt. | dach | {m} euro
        Wir haben uns für Eiche entschieden. | eiche"""),
    ],
    4.2,
)  # fmt: skip
SPANISH = Language(
    "es",
    (
        "¿Cómo se relacionan {a} y {b}?", "¿Me lo puedes explicar otra vez?", "Ahora lo veo más claro, gracias.",
        "Ayer estuve leyendo sobre {a} y no entendí casi nada.", "Mi primo dice que {a} está pasado de moda.",
        "¿Y qué pasa con {b}?", "Perdona, estaba en la cocina.", "Sigamos un poco más con {a}.",
        "¿Hay algún libro bueno sobre eso?", "Hoy hace un día gris y con viento.", "Nunca lo había pensado así.",
        "¿Cuál es el error más frecuente con {a}?", "Quizá lo intente el fin de semana.", "Siempre confundo {a} con {b}.",
    ),
    (
        "Hay varias maneras de ver {a}, y todas discuten sobre el lugar de {b}.", "En pocas palabras, depende del tiempo que tengas.",
        "Mucha gente empieza por {b} porque parece más sencillo.", "En la práctica {a} y {b} se mezclan bastante.",
        "Siempre conviene medir antes de decidir.", "Históricamente {a} viene de muy lejos, aunque su forma actual es joven.",
        "Es una buena pregunta y no tiene una respuesta fácil.", "Por ejemplo: primero viene {a}, luego uno se atasca y {b} ayuda a salir.",
    ),
    ("la masa madre", "el interés compuesto", "la acuarela", "la contabilidad", "el baile popular", "la estadística", "los nudos"),
    [
        *templates("rule", """
        Los contratos los firma únicamente {name}. | {name} | únicamente
        No le des a nadie la dirección de {name}. | {name} | no le des
        El archivo {path} no se toca. | {path} | no se toca
        Ningún pedido puede superar los {m} euros. | {m} euros | superar
        Nada de reuniones antes de las {clock}, por favor. | nada de reuniones | {clock}"""),
        *templates("preference", """
        A mí me van mejor las respuestas breves. | respuestas breves
        Prefiero que me trates de tú. | trates de tú"""),
        *templates("fact", """
        El contrato de alquiler termina el {date}. | alquiler | {date}
        De la calefacción se encarga {name}. | {name} | calefacción
        El número de expediente es {code}. | {code}
        Para el tejado hemos apartado {m} euros. | tejado | {m} euros
        Al final nos quedamos con el roble. | roble"""),
    ],
    4.2,
)  # fmt: skip
CHINESE = Language(
    "zh",
    (
        "{a}和{b}有什么关系？", "你能再解释一遍吗？", "这样清楚多了，谢谢。", "我昨天看了一篇关于{a}的文章，没怎么看懂。",
        "我表哥觉得{a}被高估了。", "那{b}呢？", "不好意思，刚才在做饭。", "我们再聊聊{a}吧。", "有没有好书推荐？",
        "今天天气阴沉，还刮风。", "我从来没有这样想过。", "关于{a}最常见的错误是什么？", "也许周末我会试试。", "我总是分不清{a}和{b}。",
    ),
    (
        "关于{a}有好几种看法，分歧主要在于{b}的位置。", "简单来说，这取决于你有多少时间。", "很多人从{b}开始，因为看起来更简单。",
        "实际上{a}和{b}有不少重叠。", "应该先测量，再做决定。", "从历史上看，{a}由来已久，但现在的形式还很年轻。",
        "这是个好问题，没有简单的答案。", "举个例子：先学{a}，遇到困难时{b}会有帮助。",
    ),
    ("酵母面包", "复利", "水彩画", "复式记账", "民间舞蹈", "统计学", "绳结"),
    [
        *templates("rule", """
        合同只有{name}可以签字。 | {name} | 签字
        千万别把{name}的地址告诉别人。 | {name} | 千万别
        {path} 这个文件谁都不许改。 | {path} | 不许改
        每次订单不能超过{m}元。 | {m}元 | 不能超过
        {clock} 之前不安排会议。 | {clock} | 不安排会议"""),
        *templates("preference", """
        我比较喜欢简短的回答。 | 简短的回答
        跟我说话可以随便一点，不用太客气。 | 不用太客气"""),
        *templates("fact", """
        租约到 {date} 到期。 | 租约 | {date}
        暖气的事情由{name}负责。 | {name} | 暖气
        案件编号是 {code}。 | {code}
        修屋顶我们准备了{m}元。 | 屋顶 | {m}元
        最后我们选了橡木。 | 橡木"""),
    ],
    1.4,
)  # fmt: skip
JAPANESE = Language(
    "ja",
    (
        "{a}と{b}はどう関係していますか？", "もう一度説明してもらえますか？", "なるほど、よく分かりました。",
        "昨日{a}の記事を読みましたが、ほとんど理解できませんでした。", "いとこは{a}は過大評価だと言っています。", "では{b}はどうですか？",
        "すみません、料理をしていました。", "もう少し{a}の話を続けましょう。", "いい本はありますか？", "今日は曇りで風が強いです。",
        "そういう見方はしたことがありませんでした。", "{a}で一番多い間違いは何ですか？", "週末に試してみるかもしれません。",
    ),
    (
        "{a}にはいくつかの考え方があり、{b}の位置づけで意見が分かれます。", "簡単に言えば、どれだけ時間があるかによります。",
        "{b}の方が簡単に見えるので、そこから始める人が多いです。", "実際には{a}と{b}はかなり重なっています。",
        "まず測ってから決めるのが良いでしょう。", "歴史的に見ると{a}は古いですが、今の形は比較的新しいものです。",
        "良い質問ですが、簡単な答えはありません。", "例えば、最初に{a}を学び、行き詰まったら{b}が助けになります。",
    ),
    ("天然酵母", "複利", "水彩画", "複式簿記", "民族舞踊", "統計学", "結び方"),
    [
        *templates("rule", """
        契約書に署名できるのは{name}だけです。 | {name} | だけ
        {name}の住所は誰にも教えないでください。 | {name} | 教えない
        {path} は変更禁止です。 | {path} | 変更禁止
        一回の注文は{m}円を超えてはいけません。 | {m}円 | いけません
        {clock} より前に会議を入れないように。 | {clock} | 入れない"""),
        *templates("preference", """
        返事は短い方が助かります。 | 短い方
        敬語はなくて大丈夫です。 | 敬語"""),
        *templates("fact", """
        賃貸契約は {date} までです。 | 賃貸契約 | {date}
        暖房の担当は{name}さんです。 | {name} | 暖房
        事件番号は {code} です。 | {code}
        屋根の修理に{m}円用意しました。 | 屋根 | {m}円
        結局、オーク材にしました。 | オーク材"""),
    ],
    1.4,
)  # fmt: skip
LANGUAGES = {language.code: language for language in (GERMAN, SPANISH, CHINESE, JAPANESE)}
