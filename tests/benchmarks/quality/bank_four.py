"""The fourth bank: held back until the work with the third was done.

Scored then for the first time: .99 of its facts at 5 % after ten rounds (.64 before that work), 35 of 36 of its
side constraints. Only prohibitions in two words were looked into after that.
"""

from tests.benchmarks.quality.planted import Template, templates, updates

_RULES = r"""
On no account may the anaesthetic exceed {dose}. | on no account | {dose}
See to it that {winpath} isn't overwritten. | {winpath} | overwritten
I would much rather {name} weren't told. | {name} | weren't told
Our ceiling for the villa is {pounds} a night. | ceiling | {pounds}
Anything beyond {few} retries and the vendor blocks us. | {few} retries | blocks us
It was agreed with {name} that the logo remains unchanged. | {name} | logo remains
{uuid} is a live credential, so it belongs in no log. | {uuid} | no log
Starting today all commit messages refer to {ticket}. | {ticket} | commit messages
The draw calls mustn't climb over {m}. | draw calls | {m}
You have no business in {path}. | no business | {path}
Our position on the indemnity is not up for debate. | indemnity | not up for debate
Wait for {name}'s go-ahead before you drop the table {var}. | {name} | {var}
Callers from {org} skip the queue, it's in their contract. | {org} | skip the queue
No red-eyes. | no red-eyes
Discounts past {pct} require {name}'s signature. | {pct} | {name}
Stick to vendors inside {city}. | vendors inside {city}
The heating may run from {clock}, not a minute earlier. | heating | {clock}
{host} is production, so look but don't touch. | {host} | don't touch
Steer clear of the term "{word}" in letters to clients. | {word} | steer clear
Rollbacks are {name}'s call alone. | rollbacks | {name}
Column names in {var} are a contract with finance. | {var} | contract with finance
Not a word to {org} until {day}. | not a word | {org} | {day}
"""
_IMPLICIT = r"""
My wife is expecting, so long-haul is out. | expecting | long-haul
{name} went into shock once from {thing}. | {name} | shock | {thing}
The office closes at {clock} on Fridays. | office closes | {clock}
There's {yen} in the kitty and that's it. | {yen} | kitty
Dad can't hear high notes. | dad | high notes
My visa ends on {date}. | visa | {date}
I've given up alcohol. | alcohol
The landlord lives right below us. | landlord | below us
Our oldest client machine still runs {semver}. | {semver} | oldest client
{name} faints at the sight of needles. | {name} | needles
"""
_PREFERENCES = r"""
Less is more when it comes to comments in code. | less is more | comments
Dark mode everywhere, my eyes are bad. | dark mode
Get to the point quickly with me. | get to the point
I'd take the train over the plane any time. | train over the plane
Day first in dates, please, not the month. | day first
Happy with rough estimates, don't polish. | rough estimates
"""
_DECISIONS = r"""
{name} and I shook hands on a flat fee. | {name} | flat fee
The isometric camera won. | isometric camera
We're sticking with {org} for the hosting another year. | {org} | hosting
Median instead of mean, that was the outcome. | median | mean
The night shift gets the new rota, the day shift doesn't. | night shift | rota
"""
_STATES = r"""
The crane scene renders, the shadows flicker. | crane scene | shadows flicker
{few} of {m} invoices are reconciled. | {few} of {m} invoices
The appeal is drafted but unsigned. | appeal | unsigned
The restore of {host} hangs at {pct}. | {host} | {pct}
I have yet to ring {name}. | yet to ring | {name}
"""
_PERSONS = r"""
{name} is standing in for {name2} this month. | {name} | standing in
Our vet is {name}. | vet | {name}
The one who knows the scripts is {name}. | scripts | {name}
{name} chairs the ethics board. | {name} | ethics board
"""
_AMOUNTS = r"""
They quoted {kr} for the roof. | {kr} | roof
Cold storage runs us {pounds} a week. | {pounds} | cold storage
The validation set has {port} rows. | {port} rows
Conversion fell to {pct}. | conversion | {pct}
"""
_DATES = r"""
Check-in opens {iso}. | check-in | {iso}
The lease is up {day}. | lease | {day}
The cast comes off on {date}. | cast | {date}
Launch trailer, {day}, {clock}. | trailer | {day} | {clock}
"""
_IDENTIFIERS = r"""
Wire it to {iban}. | {iban}
The session that hung was {uuid}. | {uuid}
Reception is {phone}. | {phone}
Tracking: {url} | {url}
Bisect says {sha}. | {sha}
Replace it with {sku}. | {sku}
The bridge sits on {ip}. | {ip}
See {ticket}. | {ticket}
The crash dump: {winpath} | {winpath}
"""
_DEFINITIONS = r"""
By "the twins" I mean the two servers in {city}. | the twins | {city}
A cold lead, for us, is one that never answered. | cold lead | never answered
"Silver" means the customer pays quarterly. | silver | quarterly
"""
_UPDATES = r"""
Reserve {few} seats. | Make that 2{few} seats. | 2{few} seats
The ultrasound is on {date}. | They pushed the ultrasound to {date2}. | ultrasound;{date2} | {date}
{name} presents the findings. | Change of plan: {name2} presents the findings. | {name2} | {name} presents
The relay lives at {ip}. | The relay has been renumbered to 192.168.{few}.7. | 192.168.{few}.7
Gravity is {few}.5. | Gravity should be 1{few}.5 instead. | gravity;1{few}.5
Timeout is {n} seconds. | On second thoughts, timeout 4{n} seconds. | 4{n} seconds
"""
_FOREIGN = r"""
Finger weg von {path}! | finger weg | {path}
Der Gesamtpreis soll unter {m} Euro liegen. | unter {m} euro
{name} ist Veganerin. | {name} | veganerin
Von {name} erfährt das niemand. | {name} | niemand
Nada de llamadas a {name} antes de las {clock}. | {name} | {clock} | nada de
Soy celíaco. | celíaco
El tope son {m} euros. | tope | {m} euros
Pas un mot à {name} avant le {date}. | {name} | pas un mot | {date}
Mon budget ne dépasse pas {m} euros. | {m} euros | dépasse
{name}的病历谁也不能看。 | {name} | 不能看
我不吃猪肉。 | 猪肉
最晚{date}交。 | {date}
{name}さんには内緒です。 | {name} | 内緒
そばが食べられません。 | そば
{date}が締め切りです。 | {date} | 締め切り
"""

BANK_FOUR: list[Template] = [
    *templates("rule", _RULES),
    *templates("implicit", _IMPLICIT),
    *templates("preference", _PREFERENCES),
    *templates("decision", _DECISIONS),
    *templates("state", _STATES),
    *templates("person", _PERSONS),
    *templates("amount", _AMOUNTS),
    *templates("date", _DATES),
    *templates("identifier", _IDENTIFIERS),
    *templates("definition", _DEFINITIONS),
    *templates("foreign", _FOREIGN),
    *updates(_UPDATES),
]
