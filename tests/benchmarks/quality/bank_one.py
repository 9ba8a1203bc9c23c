"""The first bank of planted facts: the one that was looked at while the ledger was improved."""

from tests.benchmarks.quality.planted import Template, templates, updates

_RULES = """
Nobody except {name} signs off anything above {amount}. | {name} | {amount}
Whatever happens, the file {path} stays as it is. | {path} | stays as it is
Please don't ever mention {org} in anything that leaves the company. | {org} | don't ever mention
Customer records must not be copied to {host}. | must not be copied | {host}
I never want to see a release go out after {clock} on a Friday. | never want | {clock}
Keep the figures for {city} out of the public channel, always. | {city} | out of the public channel
You are not allowed to contact {name} directly; everything goes through {name2}. | {name} | {name2}
It is strictly forbidden to restart {host} without a ticket. | forbidden | {host}
No changes to {path} without my written okay. | {path} | written okay
Every message to the client needs {name} in copy. | {name} | in copy
At most {n} items per batch, not one more. | {n} items | not one more
Before you touch the invoice table you have to take a snapshot called {code}. | snapshot | {code}
If the pressure climbs above {n} bar, stop the pump and call {name}. | {n} bar | stop the pump | {name}
Refunds over {amount} need a second pair of eyes. | {amount} | second pair of eyes
We can't store birth dates for longer than {n} days, that is the law here. | birth dates | {n} days
Don't book anything with {org}, they left us stranded once already. | {org} | don't book
My daughter can't have {food}, not even traces of it. | {food} | not even traces
All prices are shown without VAT, no exceptions. | without vat | no exceptions
Treat {code} as confidential. | {code} | confidential
Legal says that the word "{word}" can't appear on the website. | {word} | can't appear
Only British spelling in what you write for us. | british spelling
The production key lives in the vault and nobody pastes it into a chat. | production key | nobody pastes
Talk to {name} first if you think that a date has to slip. | {name} | date has to slip
{org} may only be billed in Swiss francs. | {org} | swiss francs
Stay away from the {path} module, the auditors froze it. | {path} | froze it
You're never to send a contract before {name} has countersigned. | {name} | countersigned
The lab door stays locked whenever there are fewer than {n} people in. | lab door stays locked | {n} people
Drafts are for internal eyes only until {day}. | internal eyes only | {day}
"""
_PREFERENCES = """
I'd rather get three short bullets than a page of prose. | three short bullets
For recipes I work in grams, cups confuse me. | grams | cups
I like my summaries with the bad news first. | bad news first
When you give me options, rank them and say which one you'd pick. | rank them
I find tables easier to read than lists. | tables easier to read
Could you write to me informally? First names are fine. | informally | first names
Examples in {city} rather than in London would make it easier for my readers. | {city} | london
I prefer Polars over pandas whenever there's a choice. | polars | pandas
Please write numbers with a comma for decimals. | comma for decimals
Emoji make me cringe, so leave them out. | emoji | leave them out
I'm a slow reader, so short paragraphs help me a lot. | short paragraphs
We always fly with {org} when we can, for the miles. | {org} | miles
"""
_DECISIONS = """
We settled on {org} as the supplier because {name} has good experience with them. | {org} | {name}
Okay, then it's the blue variant, code {code}, and the green one is off the table. | blue variant | {code}
After some back and forth we're keeping the monolith for now. | keeping the monolith
The board voted for {city} over {city2} as the new site. | {city} | {city2}
We'll do the launch in two waves, starting with {city}. | two waves | {city}
I've made up my mind: we rent instead of buying the crane. | rent | crane
The jury picked draft {code}, mostly because of its ending. | {code} | ending
Postgres {n} stays, we dropped the idea of moving to Mongo. | postgres {n} | mongo
"""
_STATES = """
So far {n} of the {m} boxes are labelled. | {n} of the {m} boxes
What's left is the appendix and the references for chapter {n}. | appendix | chapter {n}
We are stuck until {name} sends the soil samples. | {name} | soil samples
The second round of interviews starts once {code} is closed. | second round of interviews | {code}
I still owe {name} an answer about the venue. | {name} | venue
The importer works now, only the rollback is missing. | importer works | rollback is missing
Right now the build is red because of {path}. | build is red | {path}
Chapter {n} is written, the next one hasn't been started. | chapter {n} is written
"""
_PERSONS = """
{name} from procurement is the one who knows the contract inside out. | {name} | procurement
My supervisor is Professor {name}. | {name} | supervisor
If the heating fails, the person to ring is {name}. | {name} | heating
{name} took over the accounts of {org} in spring. | {name} | {org}
Our landlord's name is {name}, and he only answers letters. | {name} | landlord
The nurse on our ward, {name}, has the keys to the cabinet. | {name} | cabinet
{name2} is {name}'s deputy. | {name} | {name2} | deputy
"""
_AMOUNTS = """
We have {sum} a month for everything, hosting included. | {sum} | hosting
The quote from {org} came to {sum}. | {org} | {sum}
Grandma left us {amount}, and that has to pay for the roof as well. | {amount} | roof
Last year's turnover was {sum}. | turnover | {sum}
They'd give us a discount of {n}% if we order {m} pieces. | {n}% | {m} pieces
The deposit for the hall is {amount}. | deposit | {amount}
Each sensor draws about {m} milliamps. | {m} milliamps | sensor
"""
_DATES = """
The ferry leaves on {day} at {clock}. | {day} | {clock}
My thesis is due on {date}. | thesis | {date}
The lease runs out on {day}. | lease | {day}
{name} is on leave until {day}. | {name} | {day}
The inspectors come on {date}, early. | inspectors | {date}
We were audited on {day}, and the next one is in two years. | audited | {day}
"""
_IDENTIFIERS = """
The booking reference is {code}. | {code}
The broken machine is {host}. | {host}
You'll find the minutes under {path}. | minutes | {path}
It broke with commit {hash}. | {hash}
The sample in question carries the label {code}. | {code} | label
Their clients are all on {version} of the app. | {version}
Our VAT number is DE{m}{port}1. | DE{m}{port}1
The printer answers on port {port}. | printer | {port}
"""
_DEFINITIONS = """
When I say "the barn" I mean the old server room in {city}. | the barn | {city}
A "short week" in our place is one with a bank holiday in it. | short week | bank holiday
{code} is what we call the second prototype. | {code} | second prototype
By a unit we mean a pallet of {n} crates. | pallet | {n} crates
"""
_UPDATES = """
The workshop is on {date}. | The workshop had to be pushed back to {date2}. | workshop;{date2} | {date}
The proxy listens on port {port}. | Sorry, the proxy listens on port {port2} since this morning. | {port2} | {port}
Our contact at {org} is {name}. | {name2} is our contact at {org} from now on, the other one quit. | {name2};{org} | {name}
The cap for travel is €{m}. | We raised the cap for travel to €1{m}. | travel;€1{m} | travel is €{m}
We meet in {city}. | Change of plan: we meet in {city2}. | {city2} | {city}
The staging build is {version}. | The staging build is now {version}-hotfix. | {version}-hotfix | {version}.
Rehearsals are at {clock}. | Rehearsals are at 5:55 from next week. | rehearsals;5:55 | {clock}
The manuscript is in {path}. | I moved the manuscript to final/{code}.docx. | final/{code}.docx | {path}
"""

BANK_ONE: list[Template] = [
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
