"""The second bank of planted facts: it was only ever scored, never looked at while the ledger was improved."""

from tests.benchmarks.quality.planted import Template, templates, updates

_RULES = """
Anything that concerns {org} goes past {name} before it is sent. | {org} | {name}
Leave {path} alone, please, it is generated. | {path} | leave | alone
You mustn't quote {name} by name in the article. | mustn't quote | {name}
Invoices to {org} are never paid before {day}. | {org} | never paid | {day}
There's one thing I won't accept, and that's telemetry sent to {host}. | won't accept | {host}
Two people have to be on the roof at all times. | two people | roof
Our insurer insists that nobody drives the van who is under {n}. | nobody drives the van | under {n}
The interface has to work without a mouse. | without a mouse
Don't schedule anything on {weekday} afternoons, the hall is taken. | don't schedule | {weekday}
Passwords are never to be written into {path}. | passwords | {path}
Do not round the figures, the auditors compare them to the cent. | do not round
The dog may not have more than {m} grams a day. | {m} grams | may not
Anonymise the interviews: no initials, no birthplaces. | anonymise | no birthplaces
Any purchase beyond {amount} requires two quotes. | {amount} | two quotes
Unless {name} says otherwise, the blinds in the archive remain shut. | {name} | remain shut
I can't eat anything with {food} in it. | {food} | can't eat
The maximum for a single transfer is {sum}. | single transfer | {sum}
Our style guide bans the passive voice. | bans | passive voice
Please make sure that the tests in {path} are never skipped. | {path} | never skipped
You may read {host}, but writing to it is off the table. | {host} | writing to it is off the table
Always put the case number {code} into the subject line. | {code} | subject line
Under no circumstances should the minutes name {name}. | no circumstances | {name}
We do not work with agencies, full stop. | not work with agencies
Photos of the children are only for {name}'s family. | photos of the children | {name}
The embargo on the study holds until {date}. | embargo | {date}
Nothing gets merged while {name} is away. | nothing gets merged | {name}
"""
_PREFERENCES = """
Could we keep the tone dry? I can't stand exclamation marks. | dry | exclamation marks
I think in miles, so distances in miles please. | distances in miles
Give me the code first and the explanation afterwards. | code first
I'm colour-blind, so red and green in charts don't work for me. | colour-blind | red and green
My favourite way to get feedback is line by line. | line by line
If you can say it in one sentence, say it in one sentence. | one sentence
I'd love it if you cited the paragraph numbers each time. | paragraph numbers
Window seats, whenever there is one. | window seats
I don't care for jargon, plain words suit me better. | plain words
We usually order from {org}, they know our address. | {org} | order
"""
_DECISIONS = """
In the end we took {org}'s offer, mainly because of the warranty. | {org} | warranty
The committee ruled out {city} and wants {city2}. | {city} | {city2}
Let's do it with SQLite then, {name} is right about the backups. | sqlite | {name}
We agreed to drop support for version {version}. | drop support | {version}
It's going to be oak for the stairs. | oak | stairs
I've chosen {code} as the title of the exhibition. | {code} | exhibition
The vote went against the extension, so the shed stays. | extension | shed stays
"""
_STATES = """
Three of the seven panels are mounted, the rest waits for better weather. | panels are mounted | better weather
I'm halfway through the second draft. | halfway | second draft
The transfer to {host} is still running. | {host} | still running
We haven't heard back from {org} yet. | {org} | heard back
Next on my list is the letter to {name}. | next on my list | {name}
The migration of {code} failed last night and has to be repeated. | {code} | repeated
All that remains is the index. | remains | index
"""
_PERSONS = """
{name} is the midwife who will be there on the day. | {name} | midwife
The choir is conducted by {name}. | {name} | choir
You'd have to ask {name}, she runs the warehouse. | {name} | warehouse
At {org} we deal with {name}. | {org} | {name}
I share the office with {name}. | {name} | office
My doctor, {name}, is sceptical about it. | {name} | doctor
"""
_AMOUNTS = """
The whole kitchen can't cost us more than {sum}, she said. | kitchen | {sum}
Rent is {amount} without heating. | rent | {amount}
{org} charges {amount} per seat. | {org} | {amount}
The reservoir holds {m} litres. | reservoir | {m} litres
We pay {n} cents per kilowatt hour. | {n} cents | kilowatt
There are {m} entries in the register, give or take. | {m} entries
"""
_DATES = """
We move out on {day}. | move out | {day}
The permit is valid through {date}. | permit | {date}
Submission closes on {day} at {clock} sharp. | {day} | {clock}
{name}'s operation is on {date}. | {name} | {date}
Our anniversary falls on {day} this time. | anniversary | {day}
"""
_IDENTIFIERS = """
My case number is {code}. | {code}
The container is on {host} these days. | {host}
I put the scans into {path}. | scans | {path}
The faulty batch was {code}. | {code} | batch
Firmware {version} is the last one that worked. | {version}
The patch went in as {hash}. | {hash}
Her extension is {port}. | extension | {port}
"""
_DEFINITIONS = """
"Red" in our plan means that nobody has looked at it yet. | red | nobody has looked
The yard is our word for the depot in {city}. | the yard | {city}
An orphan here is a file that no record points to. | orphan | no record
{code} stands for the old billing run. | {code} | billing run
"""
_UPDATES = """
The deadline for posters is {date}. | They extended the deadline for posters to {date2}. | posters;{date2} | {date}
{name} leads the dig. | {name2} leads the dig now, {name} had to go home. | {name2}
The gateway is {host}. | The gateway is gate-{m}.example.net as of today. | gate-{m}.example.net | {host}
The limit per order is €{m}. | The limit per order went up to €2{m}. | order;€2{m} | order is €{m}
The train to {city} is at {clock}. | Correction: the train to {city} is at 4:44. | {city};4:44 | {clock}
Use port {port} for the relay. | Actually, use port {port2} for the relay. | {port2} | {port}
The slides are in {path}. | The slides are in talks/{code}.pptx instead. | talks/{code}.pptx | {path}
"""

BANK_TWO: list[Template] = [
    *templates("rule", _RULES),
    *templates("preference", _PREFERENCES),
    *templates("decision", _DECISIONS),
    *templates("state", _STATES),
    *templates("person", _PERSONS),
    *templates("amount", _AMOUNTS),
    *templates("date", _DATES),
    *templates("identifier", _IDENTIFIERS),
    *templates("definition", _DEFINITIONS),
    *updates(_UPDATES),
]
