"""Tongues: the words of rules in languages of which the cues hold nothing else.

A row a language: words that bind wherever they stand, words that bind where a clause begins, phrases that bind, and
words of negation.
"""

from typing import NamedTuple


class Tongue(NamedTuple):
    """The words of a language, parted by whitespace; its phrases by bars."""

    must: str
    order: str
    phrases: str
    negations: str


TONGUES = (
    # Russian
    Tongue(
        "нельзя запрещено запрещается запрещены должен должна должно должны обязан обязательно необходимо недопустимо",
        "не никогда всегда только",
        "ни в коем случае|ни при каких|без разрешения|без согласия|без одобрения|пожалуйста не|не более|не позднее",
        "не нет ни никогда нельзя без запрещено запрещается",
    ),
    # Polish
    Tongue(
        "musi muszą musisz należy zabronione zabronionym zabroniony zabroniona zakazane obowiązkowo koniecznie",
        "nie nigdy zawsze tylko wyłącznie",
        "nie wolno|nie może|nie mogą|w żadnym wypadku|pod żadnym pozorem|bez zgody|bez pozwolenia|proszę nie|co najwyżej",
        "nie nigdy bez żaden zabronione",
    ),
    # Dutch
    Tongue(
        "moet moeten verboden verplicht",
        "nooit altijd alleen uitsluitend geen niet",
        "mag niet|mag nooit|mag geen|mag alleen|mogen niet|mogen nooit|mogen geen|mogen alleen|in geen geval"
        "|onder geen beding|zonder toestemming|zonder goedkeuring|niet meer dan",
        "niet geen nooit zonder verboden",
    ),
    # Turkish
    Tongue(
        "asla yasak yasaktır zorunlu zorunludur mutlaka sakın kesinlikle",
        "sadece yalnızca daima",
        "her zaman|izin almadan|onay almadan|onayı olmadan|izni olmadan",
        "asla yasak yasaktır değil",
    ),
    # Arabic
    Tongue(
        "يجب ممنوع يمنع يُمنع محظور أبدا أبدًا أبداً دائما دائمًا دائماً إياك",
        "لا فقط",
        "لا يجوز|لا يسمح|لا يُسمح|غير مسموح|لا ينبغي|لا يمكن|بدون إذن|دون إذن|دون موافقة|بدون موافقة|من فضلك لا",
        "لا لن لم ليس ممنوع أبدا أبدًا أبداً بدون",
    ),
    # Hindi
    Tongue(
        "मत अनिवार्य वर्जित निषिद्ध हमेशा",
        "केवल सिर्फ",
        "कभी नहीं|कभी न|कभी भी|न करें|ना करें|न करे|न दें|न भेजें|मना है|नहीं करना|नहीं होना|होना चाहिए|करना होगा"
        "|अनुमति नहीं|बिना अनुमति|अनुमति के बिना",
        "नहीं मत न ना बिना",
    ),
    # Portuguese
    Tongue(
        "proibida proibidos obrigatória devemos",
        "só somente jamais",
        "em hipótese alguma|em nenhuma circunstância|não pode|não podem|não deve|não devem|sem autorização|sem aprovação"
        "|sem permissão|tem que|têm que|de forma alguma|por favor não|no máximo",
        "nem proibida",
    ),
    # Italian
    Tongue(
        "vietata vietati proibito proibita obbligatorio obbligatoria bisogna",
        "solamente",
        "non può|non possono|non si può|non si deve|non deve|non devono|senza approvazione|senza autorizzazione"
        "|senza permesso|per favore non|al massimo",
        "non senza vietato vietata nessuno",
    ),
    # French
    Tongue("devez interdits interdites", "ne", "sans autorisation|au maximum", "personne"),
)

# What says that something is other than it was, or was told wrongly: words, and phrases parted by bars.
CHANGES = """
    typo misspoke mistyped mistaken
    korrigiere vertan versehentlich entschuldigung sondern
    perdón disculpa disculpe corrijo mudado aplazado aplazada pospuesto retrasado
    pardon désolé désolée finalement rectification repoussé repoussée reporté reportée décalé décalée avancé avancée
    corrigindo correção desculpa desculpe mudou mudamos adiado adiada
    correzione scusa rinviato rinviata spostato spostata
    теперь поправка ошибся ошиблась исправление перенесли перенесён перенесена перенесено изменился изменилась
    изменилось изменили вместо
    teraz zmiana poprawka zamiast przesunięty nu gewijzigd verplaatst correctie artık düzeltme yerine
    अब बदलकर बदला बदली बदल सुधार الآن أصبح أصبحت تغير تغيرت تصحيح عفوا بدلا
"""
PHRASES_OF_CHANGE = """
    my bad|my mistake|i meant|meant to say|mixed up|mixed that up|turns out|got that wrong|got it wrong|was wrong
    |on reflection|after all|from tomorrow|from next|starting next|starting tomorrow|goes up to|goes down to
    |went up to|went down to|drops to|rises to|any more|kommando zurück|ich meinte|doch nicht
    |en realidad|mejor dicho|quise decir|quería decir|pasa al|pasa a|en fait|voulais dire|au lieu de|na verdade
    |quis dizer|em vez de|больше не|на самом деле|के बजाय|की जगह|لم يعد
"""
MARKS_OF_CHANGE = """
    推迟 提前到 延期 延后 换成 变成 调整为 改到 変わり 変わっ 延び 延期 ではなく じゃなく
    바꿔 바꾸 바꿨 바뀌 바뀐 바뀝 미뤄 미루 미뤘 옮겨 옮겼 올려 낮춰 늘려 줄여 연기 앞당 대신 아니라 정정
"""
# What says that something is settled.
DECISIONS = """convenu entendu tranché combinado fechado decidimos ustalone ustaliliśmy zdecydowaliśmy postanowione postanowiliśmy
    umówione решено решили договорились deciso stabilito besloten afgesproken kararlaştırdık karar اتفقنا قررنا तय"""
MARKS_OF_DECISION = "定了 就选 就这么 就用 决定了 ことに決 に決ま ことにし 정하겠 정했 하기로"
# Words in which a mark of rules or of negation means nothing of the kind: "but", "especially", "impossible", "few".
NEUTRAL = "하지만 不要紧 不可能 不可思议 不可避免 不得不 不得了 特别 别人 级别 区别 类别 性别 分别 识别 辨别 差别 个别 判别 不错 不过 少ない 危ない 能不能 聞かせてください 教えてください 見せてください 説明してください まとめてください 알려 주세요 알려주세요 말해 주세요 말해주세요 보여 주세요 보여주세요 설명해 주세요 설명해주세요"
# What stands between a thing and its value, and is no part of what the thing is.
BETWEEN = "je au aux que ich mir mich yo io eu у в на до с है को कर दिया से هي هو إلى"
