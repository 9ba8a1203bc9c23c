"""Word lists: what numbers, dates, files and ends of sentences are told by, and says nothing of what a sentence is."""

from shared.compaction.ledger.cues import word_set

ABBREVIATIONS = word_set(
    """e.g. i.e. etc. vs. dr. mr. mrs. ms. no. nr. z.b. d.h. bzw. ca. usw. sr. sra. p.ej. fig. approx. st. inc. u.a.
    prof. abs. art. incl. inkl. resp. evtl. ggf. dept. assoc. corp. ltd. mme. av. str. tel. ул. г. руб."""
)
MONTHS = word_set(
    """january february march april june july august september october november december jan feb mar apr jun jul aug
    sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday januar februar märz mai juni juli
    oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag enero febrero marzo abril mayo junio
    julio agosto septiembre octubre noviembre diciembre lunes martes miércoles jueves viernes sábado domingo
    janvier février mars avril juin juillet août septembre octobre novembre décembre
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro sábado gennaio febbraio aprile maggio
    giugno luglio settembre ottobre dicembre
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря понедельник вторник среда среду
    четверг пятница пятницу суббота субботу воскресенье
    जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार
    रविवार يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر"""
) - {"mar"}
# Where the names of languages are written small, they are names all the same.
LANGUAGES = word_set(
    """français anglais allemand espagnol italien portugais español inglés alemán francés italiano portugués
    português inglês alemão francês espanhol english german french spanish"""
)
UNITS = word_set(
    """s ms us ns m h d w y min mins sec secs hr hrs k kb mb gb tb kib mib gib b px em rem pt pct x kg g mg km cm mm
    l ml rps qps fps hz khz mhz ghz w kw v eur usd gbp am pm th st nd rd"""
)
CURRENCIES = word_set(
    """eur euro euros usd dollar dollars gbp pound pounds chf franc francs jpy yen cny yuan rmb inr rupees cent cents
    sek nok dkk kronor pln zloty brl reais mxn peso pesos krw won franken livres"""
)
FILE_ENDINGS = word_set(
    """py pyi ipynb js jsx ts tsx mjs cjs json jsonl yaml yml toml ini cfg conf env md mdx rst txt csv tsv xml html htm
    css scss less sql sh bash zsh ps1 bat go rs java kt kts scala c h cc cpp hpp cs rb php pl lua swift m mm r jl dart
    vue svelte tf lock log pdf png jpg jpeg gif svg webp doc docx xls xlsx ppt pptx zip tar gz tgz proto graphql gradle
    properties dockerfile makefile patch diff pem crt db sqlite parquet"""
)
NUMBER_WORDS = word_set(
    """three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty seventy eighty
    ninety hundred thousand million billion dozen drei vier fünf sechs sieben acht neun zehn zwanzig dreißig fünfzig
    hundert tausend tres cuatro cinco siete ocho nueve diez veinte treinta cincuenta cien mil"""
)
