"""Small talk of several trades: clinics, games, courts, notebooks, homes and trips, with figures in passing."""

from tests.benchmarks.quality.small_talk import Bank

_SAID = """
So how does {place} usually deal with {matter}?
Had a quick look at {matter} while {meanwhile}, nothing dramatic.
lol, {matter} again
Walk me through {matter} once more?
Right, and {matter2} works the same way?
It's {count} degrees in here and the fan is broken.
The kids are home, so I might vanish for {span}.
What's the plural of {odd}?
I keep reading about {matter} but every article says something else.
{who} thinks {matter} is a fad. I'm on the fence.
Is there a rule of thumb for {matter}?
ok but why
We saw about {count} of those last month, which seems to be typical.
Hmm. Sleep on it, I guess.
Give me the gist of {matter} in two lines.
You lost me at the second paragraph, sorry.
What do other people in {place} say about {matter2}?
Brilliant, that did the trick.
Somebody left {odd} on my desk and nobody knows why.
What would you ask {who} about {matter}?
And what's the catch with {matter}?
I typed half a page and then the tab crashed, so here's the short version.
When did {matter} become a thing?
Never got the hang of {matter2}, honestly.
Could {matter} be done in {span}, roughly?
It rained for {span} and the cellar smells.
Just thinking aloud here.
Do I need {matter} before {matter2} or after?
Who came up with {matter}, anyway?
Nah, I don't buy that.
The talk on {matter} was full, there must have been {count} people standing.
Can you put {matter} and {matter2} side by side?
My notes on {matter} are a mess.
Fair enough. What else?
I'll grab a sandwich, carry on.
Apparently {place} changed how it does {matter} in {year}.
Got {count} mails about {matter2} since breakfast.
Same question for {matter2}, please.
"""

_ANSWERED = """
Most of what is written about {matter} comes from large organisations, and small ones can skip half of it.
With {matter} the order of the steps matters less than doing all of them.
{matter} looks harder than it is, mainly because people start with the exceptions.
You would typically spend {span} on {matter} and twice that on {matter2}.
There is some evidence from {year} that {matter2} helps, although the sample was only {count} people.
A sensible first step is to list what you know about {matter}, and what you only assume.
Both are common in {place}, and neither is wrong.
I'd treat {matter} as a draft until somebody has tried it for {span}.
People tend to overrate {matter} and underrate {matter2}.
The catch is that {matter} needs somebody who looks after it.
In {place} they solved it by giving {matter2} to one person and never looking back.
Never assume that {matter} is finished just because it went quiet.
Put simply, {matter} answers what happened and {matter2} answers why.
If it takes longer than {span}, something else is wrong.
Think of {odd}: it only works when nobody pulls at it.
The honest answer is that nobody has measured {matter} properly.
There used to be {count} variants of {matter}; two of them are left.
"""

_LISTED = """
Collect examples of {matter}
Ask in {place} first
Drop whatever takes more than {span}
Compare {matter} with {matter2}
Try it on {count} cases
Note what surprised you
"""

_WORDS: dict[str, tuple[str, ...]] = {
    "matter": (
        "triage", "waiting lists", "hitboxes", "level streaming", "discovery requests", "boilerplate", "feature drift",
        "confusion matrices", "motion sensors", "presence detection", "refund flows", "macros", "layovers",
        "travel insurance", "pager rotations", "canary releases", "no-shows", "shader compilation", "redlining",
        "imputation", "scene scripts", "churn surveys", "visa queues", "runbooks", "save games", "recitals",
    ),
    "place": ("the clinic", "the studio", "chambers", "the lab", "the call centre", "the agency", "the east wing"),
    "meanwhile": ("on the tram", "waiting for a build", "at the dentist", "queueing", "half asleep"),
    "span": ("an hour", "two days", "most of a week", "a quarter", "ten minutes", "an evening"),
    "odd": ("a stapler", "a rubber duck", "one glove", "an octopus", "a kazoo", "a wind chime"),
    "who": ("my boss", "the registrar", "our artist", "the new intern", "the neighbour upstairs", "my sister"),
    "count": ("14", "around 30", "220", "5", "a handful", "1,500", "63"),
    "year": ("2014", "2018", "2020", "2022"),
}  # fmt: skip

TRADES = Bank(_SAID, _ANSWERED, _LISTED, _WORDS)
