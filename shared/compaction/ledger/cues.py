"""Cues: the words of several languages that tell a rule, a preference, a decision, a state or small talk.

Words are compared casefolded and bare; phrases with a space on each side; CHARACTERS anywhere in a
sentence, for scripts that put no spaces between words.
"""

import re
from enum import StrEnum

from shared.compaction.ledger.tongues import (
    CHANGES,
    DECISIONS,
    MARKS_OF_CHANGE,
    MARKS_OF_DECISION,
    NEUTRAL,
    PHRASES_OF_CHANGE,
    TONGUES,
)


class Cue(StrEnum):
    """What a word or phrase says about the sentence that holds it."""

    MUST = "must"  # binding wherever it stands
    ORDER = "order"  # binding where a clause begins, strong elsewhere
    PREFER = "prefer"
    DECIDE = "decide"
    STATE = "state"
    REMEMBER = "remember"
    UPDATE = "update"
    COPULA = "copula"
    MATTER = "matter"  # nouns that name what people look up later
    OURS = "ours"
    STANDING = "standing"  # verbs of instructions that hold beyond one answer
    TASK = "task"  # verbs of requests that end with one answer
    CHATTER = "chatter"
    DOUBT = "doubt"


def word_set(text: str) -> frozenset[str]:
    """Return the whitespace-separated words of `text`: tables of words read better as text."""
    return frozenset(text.split())


def _with_plurals(text: str) -> frozenset[str]:
    return word_set(text) | {f"{word}s" for word in text.split()}


def _marks(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(f" {phrase.strip()} " for phrase in text.split("|") if phrase.strip())


def _of_tongues(name: str) -> frozenset[str]:
    return word_set(" ".join(getattr(tongue, name) for tongue in TONGUES))


SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "।", "؟", "۔")
FULL_STOPS_WITHOUT_SPACE = "。！？；।؟۔"
QUESTION_MARKS = ("?", "？", "か。", "؟")
PAUSES = (",", ";", ":", "—", "–", ".", "，", "、", "：", "；", "،", "؛")
COLONS = (":", "：")
CLOSING = "\"')]}*_`”’»」』）"
BULLETS = "-*•·>#+–—☐☑✓"
APOSTROPHE = "’"
QUOTATION_MARKS = (('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"), ("「", "」"), ("『", "』"))
AROUND_WORDS = "\"'`()[]{}<>,;:!?*“”‘’„«»「」『』（）【】《》、。，；：！？…|=।؟۔،؛¿¡."

WORDS: dict[Cue, frozenset[str]] = {
    Cue.MUST: word_set(
        """must mustn't shall shan't forbidden forbids prohibited prohibits banned bans disallowed mandatory required requires off-limits
        non-negotiable shouldn't confidential
        muss müssen musst müsst darf dürfen darfst soll sollen sollst verboten unbedingt zwingend vertraulich
        pregnant diabetic coeliac celiac epileptic asthmatic schwanger zöliakie embarazada diabético diabética celíaco celíaca enceinte
        diabétique cœliaque allergic allergisch alérgico alérgica alérgicos alérgicas allergique allergiques аллергия аллергии uczulony allergico
        allergica एलर्जी حساسية
        debe deben debes deberá prohibido prohibida obligatorio obligatoria confidencial
        doit doivent interdit interdite obligatoire deve devem devono proibido obrigatório vietato"""
    )
    | _of_tongues("must"),
    Cue.ORDER: word_set(
        """never don't dont always only no avoid refuse cannot can't nobody nothing none unless
        nie niemals kein keine keinen keinerlei nur immer nicht vermeide
        nunca jamás siempre solo sólo solamente no evita evite
        jamais toujours seulement uniquement sempre não mai soltanto non"""
    )
    | _of_tongues("order"),
    Cue.PREFER: word_set(
        """prefer prefers preferred preference preferences favourite favorite want wants hate hates dislike
        bevorzuge bevorzugt bevorzugen lieber möchte mag wünsche wünscht
        prefiero prefiere preferimos gustaría quiero quiere favorito favorita
        préfère préférons voudrais veux prefiro prefere gostaria preferisco vorrei"""
    ),
    Cue.DECIDE: word_set(
        """decided decision decisions chose chosen picked agreed settled opted concluded approved rejected
        entschieden entscheidung beschlossen vereinbart
        decidimos decidido decisión elegimos elegido acordamos acordado
        décidé décision choisi decidido decisione"""
    )
    | word_set(DECISIONS),
    Cue.STATE: word_set(
        """todo to-do deadline due goal objective milestone blocked blocker pending remaining awaiting
        outstanding unfinished failing unpushed phase progress status branch task tasks step
        frist ziel offen blockiert ausstehend fällig aufgabe schritt meilenstein
        plazo objetivo pendiente bloqueado tarea paso fecha hito
        échéance objectif tâche étape prazo tarefa scadenza"""
    ),
    Cue.REMEMBER: word_set(
        """remember important note reminder fyi rule constraint preference fact caution warning requirement
        crucial essential vital critical
        wichtig merke beachte beachten regel vorgabe hinweis
        importante recuerda recuerde nota regla requisito
        important rappel règle regra lembre ricorda regola"""
    ),
    Cue.UPDATE: word_set(
        """instead now actually update updated changed changes changing moved switch switched correction corrected
        raised lowered increased decreased reduced extended shortened postponed delayed rescheduled pushed bumped swapped sorry oops
        anymore replaced replaces renamed rotated revised new
        jetzt stattdessen nun künftig korrektur geändert verschoben neu neue neuer
        ahora cambio cambió cambiado corrección actualización nuevo nueva
        désormais maintenant plutôt agora invece ora"""
    )
    | word_set(CHANGES),
    Cue.COPULA: word_set(
        """is are was were equals means called named stands belongs lives runs owns becomes i'm we're it's = :=
        ist sind heißt heisst lautet beträgt liegt läuft bedeutet gehört
        es son está están llama significa pertenece
        est sont s'appelle é são chama è sono chiama"""
    ),
    Cue.MATTER: _with_plurals(
        """budget cap limit quota ceiling password passphrase secret token key credential credentials code
        owner approver reviewer lead manager contact address phone extension birthday port version region
        timezone codename name database host account account-id invoice order customer client price cost fee
        allergic allergy allergies vegetarian vegan diabetic deadline appointment flight room seat size
        rate ratio threshold timeout capacity headcount salary rent
        passwort schlüssel adresse telefon geburtstag preis kosten konto kunde zuständig allergisch allergie
        contraseña clave presupuesto límite dirección teléfono cumpleaños precio cuenta cliente alérgico alérgica
        alergia responsable versión puerto allergique allergies аллергия аллергии uczulony allergisk एलर्जी حساسية
        adresse téléphone prix compte senha endereço prezzo indirizzo"""
    ),
    Cue.OURS: word_set(
        """my our ours mine i'm i've i'll we're we've we'll i
        mein meine meinen meiner unser unsere unserer wir ich
        mi mis nuestro nuestra nuestros tengo soy mon ma mes notre nos meu minha nosso mio mia nostro"""
    ),
    Cue.STANDING: word_set(
        """use keep skip omit exclude notify escalate ask wait preserve respect follow stop hide answer respond reply send report include format stick treat call refer limit leave put
        store round mark cite quote address assume stay default log sign wrap cc
        verwende verwenden nutze benutze antworte antworten schreibe schreib nenne halte stelle achte sende
        usa use utiliza utilice responde responda escribe mantén mantenga haz envía envíe llama
        utilise utilisez réponds répondez écris usa responda use rispondi scrivi"""
    ),
    Cue.TASK: word_set(
        """write add create make build implement generate translate start explain show tell fix help describe summarise summarize give list review draft walk compare look
        check run find try continue go proceed investigate debug refactor rewrite think consider share
        erkläre erklär zeige zeig hilf beschreibe explica explícame muestra ayuda describe explique montre"""
    ),
    Cue.CHATTER: word_set(
        """thanks thank thx hi hello hey ok okay cool great nice awesome perfect sure yes yep yeah no-worries
        sounds lol haha right well hmm anyway sorry welcome bye morning acknowledged noted understood interesting makes
        danke hallo super klar genau schön gracias hola genial vale merci bonjour obrigado olá grazie ciao"""
    ),
    Cue.DOUBT: word_set(
        """wonder wondering curious maybe perhaps guess suppose probably seems might
        vielleicht wohl quizás tal-vez acaso peut-être talvez forse"""
    ),
}

PHRASES: dict[Cue, frozenset[str]] = {
    Cue.MUST: _phrases(
        """under no circumstances|may not|not allowed|not permitted|has to|have to|at all times|at most|at least
        |no more than|no later than|not exceed|not to exceed|off limits|make sure|makes sure|ensure that|be sure to
        |without approval|without explicit|without my|without asking|unless i|unless we|only if|only after|only with
        |from now on|going forward|from here on|ab sofort|de ahora en adelante|only when|is capped|needs approval|need approval|nobody else|no one else|does not move|stay free of|capped at
        |away from the|are to be|stays out of|stay out of|stay away from|stays away from|keep away from|blood thinners|out of the question|hands off|doesn't allow|don't allow|does not allow|do not allow|isn't permitted|may only|hard limit|as long as|ask first|ask before|ask me before
        |not ok to|not okay to|not acceptable|isn't allowed|aren't allowed|out of bounds|but not|nobody but|no one but
        |auf keinen fall|unter keinen umständen|nicht erlaubt|stell sicher|stelle sicher|höchstens|mindestens|spätestens
        |nicht mehr als|ohne zustimmung|ohne rückfrage|ohne freigabe|nur mit|nur nach
        |bajo ninguna circunstancia|en ningún caso|no se puede|no puede|no pueden|tiene que|tienen que|hay que
        |asegúrate de|como máximo|a más tardar|sin permiso|sin aprobación|sin mi|nadie más
        |en aucun cas|il faut|ne pas|au plus tard|sans accord|de modo algum|in nessun caso"""
    ).union(*(_phrases(tongue.phrases) for tongue in TONGUES)),
    Cue.PREFER: _phrases(
        """i'd like|i would like|we'd like|i'd rather|would rather|would sooner|i'd sooner|not a fan|spare me|i like|i love|we like|please keep|please use
        |please answer|please respond|please reply|please write|please call|please make|please always|call me|by default
        |rather than|works best|best for me|i find|be better to|be better if|be better not|be best to|be best if|be best not|be kinder|be safer|be wiser|be great if|be nice if|be good if|be helpful if
        |be grateful if|i'd appreciate|would appreciate|i'd love it|can't stand|don't care for|suits me|suit me|helps me
        |help me a lot|works for me|work for me|ich hätte gern|ich mag|wir mögen|nenn mich|bitte immer|bitte nur
        |me gusta|nos gusta|me encanta|por favor usa|por favor responde|llámame|j'aime|je veux|appelle-moi"""
    ),
    Cue.DECIDE: _phrases(
        """let's go with|we'll go with|we will go with|i'll go with|going with|we will use|we'll use|let's use
        |we keep|we drop|we'll take|we'll keep|we'll drop|we'll ship|we're cutting|we're dropping|we're keeping|we're skipping
        |went with|we go with|ruled out|root cause|we're using|we are using|turned out|works because|the reason
        |wir nehmen|wir verwenden|wir nutzen|halten wir fest|so machen wir|on prend|on garde|ficamos com|bierzemy|берём
        |vamos con|vamos a usar|usaremos|nous utilisons|on part sur"""
    ),
    Cue.STATE: _phrases(
        """next step|next up|next steps|next is|next on|in progress|still need|still needs|working on|waiting for|waiting on
        |open question|current task|left to do|not yet|up next|after that|follow up|follow-up|picked up at
        |nächster schritt|nächste schritte|in arbeit|warten auf|noch offen|próximo paso|siguiente paso
        |en curso|falta por|esperando a|prochaine étape|en cours|próximo passo"""
    ),
    Cue.REMEMBER: _phrases(
        """keep in mind|for the record|heads up|don't forget|do not forget|bear in mind|take note|from here on
        |stay as they are|stays as it is|stay as is|stays as is|for reference|for future reference|denk daran|nicht vergessen|zur info|ten en cuenta|no olvides|toma nota
        |n'oublie pas|à noter|tenha em mente"""
    ),
    Cue.UPDATE: _phrases(
        """no longer|from now on|from here on|second thought|second thoughts|make that|change of plan|change of plans|scratch that|as of|going forward|never mind|ab sofort|nicht mehr|von jetzt an
        |en lugar|en vez|ya no|a partir de|de ahora en|à partir de|dorénavant|a partir de agora|d'ora in poi"""
    )
    | _phrases(PHRASES_OF_CHANGE),
    Cue.COPULA: _phrases("""stands for|refers to|consists of|scheduled for|set to|located in|reports to"""),
    Cue.CHATTER: _phrases(
        """by the way i|how are you|sounds good|makes sense|good morning|good point|got it|no problem|of course
        |you're welcome|let's continue|carry on|keep going|to be honest
        |i was|i had|i read|i saw|i heard|i noticed|i tried|i thought|i suppose|i've never|i never|you said|i like it|i like that|i love it|love that|wie geht's|alles klar|qué tal|muy bien|de acuerdo"""
    ),
    Cue.DOUBT: _phrases(
        """i don't know|i do not know|not sure|i don't think|i don't understand|i don't see|i don't remember
        |i don't get|i can't see|can't tell|any idea|what do you think|tell me more|could you explain|i never knew
        |always wondered|want to understand|want to know|like to know|like to understand|love to hear|want to see|want to learn|want to try|want to talk|must be joking|must be kidding|must admit|must say|doesn't matter|don't worry|no idea|it must be|that must be|must have been|no wonder|never mind|nothing much|nothing else|not really|no rush
        |ich weiß nicht|keine ahnung|nicht sicher|no sé|no estoy seguro|no estoy segura|je ne sais pas"""
    ),
}

CHARACTERS: dict[Cue, tuple[str, ...]] = {
    Cue.MUST: _marks("""不要 不得 禁止 必须 必須 不能 切勿 绝不 絕不 务必 不可以 不可 只能 永远不 严禁 一定要 不准 请勿 始终 仅限
        别再 别删 别改 别用 别动 别把 别给 别让 别发 别碰
        最多 至少 不超过 しないで ないでください てはいけない てはならない てはいけません 絶対に 決して 必ず 常に
        以内 までに 절대 하지 금지 반드시 항상 过敏 アレルギー 알레르기 말고 말아 마세요 까지만"""),
    Cue.PREFER: _marks(
        "喜欢 偏好 更喜欢 希望 想要 请用 请使用 好み 好き ほしい 欲しい てください お願いします 方が助かり ほうが助かり 方がいい ほうがいい 좋아 주세요"
    ),
    Cue.DECIDE: _marks("决定 选择了 采用 决策 商定 決めました 決定 採用 にします 결정")
    + _marks(MARKS_OF_DECISION),
    Cue.STATE: _marks(
        "下一步 目标 截止 待办 进行中 任务 剩余 阻塞 次の 目標 締め切り 期限 進行中 残り 마감 목표"
    ),
    Cue.REMEMBER: _marks("记住 注意 重要 请记 提醒 别忘 覚えて 忘れないで 注意 기억"),
    Cue.UPDATE: _marks(
        "改成 改为 现在 更新 不再 换成 更正 变更 今后 変更 代わりに これから 訂正 に変え 변경 이제"
    )
    + _marks(MARKS_OF_CHANGE),
    Cue.COPULA: _marks("是 为 叫 です は である 입니다"),
    Cue.MATTER: _marks("""预算 密码 地址 电话 端口 版本 负责人 联系人 账号 价格 过敏 生日 名字 代号 服务器 数据库
        予算 パスワード 住所 電話 ポート バージョン 担当 連絡先 価格 アレルギー 誕生日 名前 コード サーバー データベース"""),
    Cue.OURS: _marks("我的 我们 我是 我在 私 弊社 当社 우리"),
    Cue.CHATTER: _marks("谢谢 你好 好的 明白了 ありがとう こんにちは 了解 なるほど 감사"),
    Cue.DOUBT: _marks("不知道 也许 可能 分かりません かもしれ たぶん"),
}

# Labels that people put before a statement, and the section that they ask for.
LABELS: dict[str, str] = {
    word: section
    for section, words in {
        "rule": """rule rules constraint constraints requirement requirements policy guardrail important warning caution
            security safety compliance regel vorgabe wichtig regla restricción importante règle regra 规则 约束 重要 安全
            ルール 制約""",
        "preference": "preference preferences pref style tone präferenz stil preferencia estilo préférence 偏好 好み",
        "decision": "decision decisions decided agreed entscheidung decisión décision 决定 決定",
        "state": """goal goals state status task tasks todo next deadline milestone progress objective plan ziel aufgabe
            frist objetivo tarea plazo objectif tâche 目标 任务 截止 目標 期限""",
        "fact": "fact facts note info reminder remember fyi context update hinweis nota dato hecho 事实 注意 メモ",
    }.items()
    for word in words.split()
}

STOPWORDS = word_set(
    """a an the this that these those it its he she they them his her their i you we us me my your our
    and or but so then also just than as at by for from in into of on onto over to up with about per via
    is are was were be been being am do does did has have had will would can could should may might must
    please now instead actually update updated changed changes moved switch switched new from here
    der die das den dem des ein eine einen einem und oder aber zu zum zur im am auf für von mit ist sind wird
    bitte jetzt nun stattdessen el la los las un una unos y o pero de del en con por para al es está que
    ahora le les des et ou du dans pour avec est sont o os um uma e do da no na com il lo gli di che per
    pls plz btw"""
)
NEGATIONS = word_set(
    """not no never don't dont cannot can't won't mustn't without avoid forbidden prohibited refuse nor unless
    nobody none nothing forbids prohibits bans banned disallowed niemand nichts nadie nada personne rien
    nicht kein keine keinen nie niemals ohne verboten no nunca jamás sin prohibido ne pas jamais sans não sem"""
) | _of_tongues("negations")
_NEUTRAL = re.compile("|".join(NEUTRAL.split()))


def without_neutral(text: str) -> str:
    """Return what marks are looked for in: the text without the words in which they mean nothing of the kind."""
    return text if text.isascii() else _NEUTRAL.sub(" ", text)


NEGATIVE_CHARACTERS = _marks("不 勿 禁 没 别 ない いけ ません 금지 하지")

QUESTIONS = word_set(
    """what why how who whom whose when where which can could would should do does did is are will
    was wie wer wo wann warum welche welcher kannst können qué cómo quién cuándo dónde cuál puedes
    que comment qui quand où pourquoi quel peux"""
)
REQUESTS = word_set("can could would will kannst können könntest puedes podrías peux pouvez puoi pode")
# The verbs that order a value to be set.
SETTING = word_set(
    """make set change let let's raise lower reduce increase decrease bump drop extend shorten move switch
    setze setzt ändere erhöhe senke stelle pon cambia sube baja aumenta reduce mets augmente réduis"""
)

# Who speaks of all of a kind lays something down.
UNIVERSALS = word_set(
    "all every each any anything everything everyone whenever alle jede jeder jedes alles todo todos cada tous chaque"
)
# What a statement about something begins with.
DEFINITE = word_set(
    "the our my your his her their der die das unser unsere mein meine el la los las mi nuestro nuestra le les"
)

# "For reports, show …": an imperative under a condition holds beyond one answer.
CONDITIONS = word_set(
    "for in when whenever if before after on during für wenn bei vor nach para cuando si antes pour quand"
)
