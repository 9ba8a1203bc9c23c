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
