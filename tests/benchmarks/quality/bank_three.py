"""The third bank: other trades, other ways to say no, values of other shapes; it was looked at."""

from tests.benchmarks.quality.planted import Template, templates, updates

_RULES = r"""
Under no circumstances is a patient under {n} to be booked with Dr {name}. | no circumstances | {name}
Make sure that the {winpath} file stays untouched. | {winpath} | untouched
I'd rather you didn't email {name} about this. | {name} | didn't email
The budget is capped at {yen}. | capped | {yen}
Keep it below {dose} per day, whatever the leaflet says. | below {dose} | leaflet
We agreed that nobody deploys to {ip} during the freeze. | {ip} | freeze
Please don't ever paste {uuid} into a ticket. | {uuid} | don't ever
From here on, quote every price in {city} in kronor. | kronor | {city}
Frame time has got to stay under {few} ms on the handheld. | under {few} ms | handheld
Hands off {var}, two other notebooks read from it. | hands off | {var}
The clause on liability is sacred, opposing counsel signed off on that exact wording. | clause on liability | exact wording
Touch nothing in {winpath} before {name} is back. | {winpath} | {name}
Guests in room {room} are not to be disturbed before {clock}. | {room} | not to be disturbed
No flights with a connection shorter than {n} minutes. | connection | {n} minutes
If a refund is over {pounds}, it goes to {name} instead of being approved by you. | {pounds} | {name}
I'm fine with anything as long as the total stays south of {kr}. | south of {kr}
The bedroom lights stay off between {clock} and sunrise. | bedroom lights | {clock}
You're welcome to read from {url} but writing there would get us into trouble. | {url} | trouble
The word "{word}" is banned from the changelog. | {word} | banned
Paging {name} at night is a last resort. | {name} | last resort
Whatever you refactor, the public signature of {path} is frozen. | {path} | frozen
It'd be a disaster if {org} found out before {day}. | {org} | disaster | {day}
Leave at least {pct} of the disk free on {host}. | {pct} | {host}
Nothing about the settlement leaves this chat. | settlement | leaves this chat
"""
_IMPLICIT = r"""
My son gets hives from {thing}. | hives | {thing}
{name} is in a wheelchair, so the venue matters. | {name} | wheelchair
I'm on call until {iso}. | on call | {iso}
We only have {kr} left for catering. | {kr} | catering
Mum doesn't do stairs any more. | mum | stairs
{thing} knocks me out for days. | {thing} | knocks me out
The judge hates footnotes. | judge | footnotes
I fly home on {date}. | fly home | {date}
{name} gets carsick after {few} miles. | {name} | carsick
Half the players are on {semver} and can't upgrade. | {semver} | can't upgrade
I keep kosher. | kosher
The baby sleeps from {clock}. | baby sleeps | {clock}
"""
_PREFERENCES = r"""
Spare me the disclaimers. | spare me | disclaimers
Aisle rather than window, if there's a choice. | aisle | window
I'm more of a tabs person, so no spaces in the snippets. | tabs | spaces
Metric only for me. | metric only
Bullet points over paragraphs any day. | bullet points over paragraphs
Plots look better to me with a white background. | white background
Not a fan of puns in headlines. | puns | headlines
Talk to me like a colleague, skip the pleasantries. | like a colleague | pleasantries
"""
_DECISIONS = r"""
So it's {org} for the printing, that's final. | {org} | printing
We're dropping multiplayer from the demo. | dropping multiplayer
After last night's outage we moved {host} behind the proxy. | {host} | behind the proxy
Random forest it is, the gradient boosting run overfitted. | random forest | overfitted
The parties have accepted {city} as the seat of arbitration. | {city} | arbitration
I booked the ferry, not the tunnel. | ferry | tunnel
"""
_STATES = r"""
Levels one to {few} are playable, the boss fight isn't wired up. | playable | boss fight
I've labelled {m} of the images, the rest I'll do tomorrow. | {m} of the images
Still no word from {org} on {ticket}. | {org} | {ticket}
Chapter {few} is with {name} for comments. | chapter {few} | {name}
The thermostat is paired, the blinds refuse to. | thermostat is paired | blinds
The replay stopped at offset {port}. | offset {port}
"""
_PERSONS = r"""
{name} took over the ward from {name2}. | {name} | ward
Our producer's name is {name}. | {name} | producer
{name} holds the spare keys. | {name} | spare keys
The electrician, {name}, comes on Thursdays. | electrician | {name}
Speak to {name} in accounts about anything overdue. | {name} | overdue
"""
_AMOUNTS = r"""
The deposit was {pounds}, paid in cash. | deposit | {pounds}
We're burning {kr} a month on GPUs. | {kr} | gpus
The model has {m} features after pruning. | {m} features
Admission costs {yen} for adults. | {yen} | admission
Churn sits at {pct} right now. | churn | {pct}
Two tickets came to {sum}. | {sum}
"""
_DATES = r"""
The scan is booked for {iso}. | scan | {iso}
The hearing got a date, {day}. | hearing | {day}
Code freeze starts {date}. | code freeze | {date}
My passport runs out on {date}. | passport | {date}
The plumber can do {weekday} at {clock}. | plumber | {weekday} | {clock}
"""
_IDENTIFIERS = r"""
The account to refund is {iban}. | {iban}
Here's the run I mean: {uuid}. | {uuid}
Call the front desk on {phone}. | {phone}
The form is at {url} | {url}
It broke with {sha}. | {sha}
The part on back order is {sku}. | {sku}
The NAS answers on {ip}. | {ip}
{ticket} has the details. | {ticket}
My export landed in {winpath} | {winpath}
We're shipping {semver} to testers. | {semver}
"""
_DEFINITIONS = r"""
When I say "the cabin" I mean the place in {city}. | the cabin | {city}
"Amber" is our word for a patient who was called twice. | amber | called twice
A ghost build is one without a commit behind it. | ghost build | without a commit
{ticket} is what we call the Monday incident. | {ticket} | monday incident
"""
_UPDATES = r"""
Book the table for {few} people. | Scratch that, book the table for 1{few} instead. | table;1{few} | table for {few} people
The retro is on {date}. | The retro moved, it's on {date2} now. | retro;{date2} | {date}
Ship to {city}. | Sorry, ship to {city2} after all, not {city}. | {city2}
{name} signs for the clinic. | {name2} signs for the clinic from now on. | {name2} | {name} signs
Target frame rate is {few} fps. | Make the target frame rate 1{few} fps. | 1{few} fps | is {few} fps
The staging box is {ip}. | The staging box got a new address, 172.16.{few}.9. | 172.16.{few}.9 | {ip}
Alert when the queue holds {m} messages. | Alert when the queue holds 9{m} messages, {m} was too noisy. | 9{m} messages
The learning rate is 0.0{few}. | Let's drop the learning rate to 0.00{few}. | 0.00{few}
"""
_FOREIGN = r"""
Die Patientenakte von {name} bleibt unter Verschluss. | {name} | unter verschluss
Mehr als {m} Euro geben wir dafür nicht aus. | {m} euro | nicht aus
Fass mir bitte {path} nicht an. | {path} | nicht an
Mein Vater verträgt keine Laktose. | vater | laktose
Ni se te ocurra tocar {path}. | {path} | ni se te ocurra
Que no pase de {m} euros, por favor. | {m} euros | no pase
A {name} no le mandes nada hasta el {date}. | {name} | no le mandes | {date}
Surtout, ne dis rien à {name}. | {name} | ne dis rien
Je suis allergique aux arachides. | allergique | arachides
On reste sous les {m} euros, point final. | {m} euros | point final
预算控制在{m}元以内。 | {m}元
我对青霉素过敏。 | 青霉素 | 过敏
这件事先别告诉{name}。 | {name} | 别告诉
{path} には触らないで。 | {path} | 触らない
卵アレルギーがあります。 | 卵アレルギー
予算は{m}円が上限です。 | {m}円 | 上限
"""

BANK_THREE: list[Template] = [
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
