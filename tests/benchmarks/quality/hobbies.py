"""Small talk about hobbies: what people and models say between the things that matter."""

from tests.benchmarks.quality.small_talk import Bank

_HOBBY_SAID = """
How would you go about {task} if you had only {span}?
I tried {task} yesterday and got nowhere with it.
What's the difference between {thing} and {thing2}, in practice?
Is {thing} worth the trouble for somebody like me?
I read that {thing} is overrated. Is there anything to that?
Can you give me an example where {thing} goes wrong?
That's clearer now, thanks. What about {thing2} though?
My {relative} swears by {thing}, but then my {relative} swears by a lot of things.
Let's stay with {thing} for a moment.
So in other words {thing} comes first and {thing2} second?
I've never understood why people bother with {thing}.
Funny, I had the same thought while I was {doing}.
Could you say that again with less detail?
Hm, that sounds more complicated than I had hoped.
Which of the two would a beginner start with?
And if it rains?
Does that still hold when there are {count} of them?
We did something like this at school, with {thing} instead of {thing2}.
I was {doing} when your answer came, so I only skimmed it.
Let me read that again tonight.
I guess {thing} would do as well, wouldn't it?
Compare {thing} with {thing2} for me, please.
Write me a short paragraph about {thing}.
Explain {thing} as if I were twelve.
Where does the word for {thing} come from?
Do you know a good introduction to {task}?
I'm a bit tired today, so bear with me.
The weather here is {weather} and everybody is {mood} about it.
It took me {span} to find my notes about {thing}.
A colleague sent me a long article on {thing}, and honestly it was quite {quality}.
That's a {quality} way to put it.
Okay, I see. Go on with {thing2} then.
Wait, you lost me at {thing}.
What would happen if nobody did {task} for {span}?
Is it true that {thing} used to be done by hand?
Thanks! One more about {thing}, then I'll stop.
I keep mixing up {thing} and {thing2}.
Last time I was {doing}, somebody told me the opposite.
There was a documentary about {thing} on television the other day.
Would {task} be easier in summer?
How long does {task} usually take?
Nice, I'll try that when I'm done {doing}.
Not what I expected, but it makes sense when you put it like this.
Roughly how many people still do {task}?
Any books on {thing} that aren't too {quality}?
You said something about {thing} earlier, can you expand on it?
I'm {mood} about {thing2}, to be honest.
Before we get to {thing2}: is {thing} even needed?
Right. Then how do {thing} and {thing2} fit together?
Are there tools for {task}?
If I skip {thing}, what do I lose?
My first attempt at {task} ended in laughter.
Somebody on the radio said {thing} was on the way out.
Let's look at it from the other side: who profits from {thing}?
I had coffee with an old friend and we ended up talking about {thing} for {span}.
Whenever I hear of {thing} I have to think of {doing}.
Can this be done with {count} people, or is that too few?
What is the most common mistake with {thing}?
Hang on, the doorbell.
Back again. Where were we?
Sounds {quality}. Give me the long version.
The neighbours were {doing} half the night, so I'm slow this morning.
I suppose there's no simple answer to that.
Tell me something about the history of {thing2}.
In {city} they seem to do {task} quite differently, I noticed in {year}.
I counted {count} kinds of {thing} in the shop on the corner.
Last summer we spent {span} in {city}, and there {thing} was everywhere.
{first} from next door does {task} for a living, more or less.
"""

_HOBBY_ANSWERED = """
There are roughly three schools of thought on {thing}, and they disagree about where {thing2} belongs.
In practice {thing} and {thing2} overlap, so most people pick one and stay with it for years.
Think of {thing} as the frame and of {thing2} as what you hang into it.
The short answer is that it depends on how much time you have; with {span} I would start small.
A common mistake is to begin with {thing2} because it looks {quality}, and to run out of patience.
You should always measure first, and never trust a first impression when it comes to {thing}.
Historically {thing} goes back a long way, although the modern form is much younger than people think.
If you have never done {task}, set aside {span} and expect the first result to be {quality}.
That is a fair question, and I don't think there is one right answer to it.
Here is how it usually goes: you start with {thing}, you get stuck, and {thing2} gets you out again.
It helps to write down what you expect before you begin with {task}, however silly that feels.
Of the two, {thing} is easier to learn, while {thing2} pays off over the years.
Some authors treat {thing} as a special case of {thing2}; I find that more confusing than helpful.
With {count} people it works well, with twice as many you would need somebody who keeps an eye on it.
The difference shows when something goes wrong: {thing} fails loudly, {thing2} fails quietly.
There is a well-known experiment on {task}, in which about {count} per cent of the people gave up early.
Materials matter less than most guides suggest, and patience matters more.
I would not worry about {thing2} yet, since it only becomes important once the basics are in place.
To put it differently, {task} is a habit rather than a skill.
One way to see it is to compare a good day with a bad day and to ask what {thing} had to do with it.
The usual objection is that {thing} takes too long, which is true at the beginning and false later.
Both can be combined, for instance by keeping {thing} for the week and {thing2} for the weekend.
You can find introductions in every library, and most of them spend too many pages on {thing2}.
In {city} it became popular around {year}, before it spread to the rest of the country.
A typical plan has {count} steps, of which the first two decide about the rest.
If in doubt, do less: {thing} forgives a lot, but it does not forgive haste.
The name is misleading, because {thing} has little to do with what it is named after.
Nobody gets {task} right the first time, and that is fine.
"""

_HOBBY_LISTED = """
Start with {thing} and leave {thing2} for later
Set aside {span}, at least
Ask somebody who has done {task} before
Keep notes while you are {doing}
Compare what you have with what you wanted
Don't forget to take breaks
Repeat until the result is less {quality}
Try it once with {count} people
"""

_HOBBY_WORDS: dict[str, tuple[str, ...]] = {
    "thing": (
        "sourdough", "type inference", "compound interest", "grafting", "the subjunctive", "dry stone walls",
        "message queues", "watercolour", "double-entry bookkeeping", "knots", "tide tables", "slow cooking",
        "unit testing", "contour lines", "cross-validation", "counterpoint", "crop rotation", "caching",
        "shorthand", "glazing", "plate tectonics", "the offside trap", "garbage collection", "folk dancing",
        "joinery", "dependency injection", "beekeeping", "perspective", "fermentation", "event sourcing",
    ),
    "task": (
        "pruning roses", "learning the accordion", "planning a long hike", "reading a balance sheet",
        "sharpening knives", "writing a parser", "restoring a chair", "organising a reading group",
        "naming variables", "painting a fence", "translating poetry", "estimating software", "teaching chess",
        "keeping a diary", "cleaning old photographs", "tuning a bicycle", "drawing maps", "moving house",
    ),
    "doing": (
        "waiting for the bus", "cooking", "sorting the post", "watering the plants", "on the train",
        "cleaning the kitchen", "walking the dog", "looking for my glasses", "hanging up the washing",
        "queueing at the bakery", "repairing a lamp", "reading the paper",
    ),
    "span": ("an hour", "an afternoon", "a weekend", "half a day", "a couple of weeks", "ten minutes", "a month"),
    "relative": ("brother", "aunt", "neighbour", "old teacher", "father-in-law", "cousin"),
    "weather": ("grey", "far too warm", "windy", "changing by the hour", "lovely", "foggy"),
    "mood": ("grumpy", "cheerful", "in two minds", "quite relaxed", "sceptical", "amused"),
    "quality": ("dry", "clever", "uneven", "long-winded", "charming", "vague", "old-fashioned", "rough"),
    "count": ("three", "half a dozen", "25", "40", "a hundred", "8", "12"),
    "year": ("1974", "1998", "2009", "2015", "2019"),
    "city": ("Bristol", "Oslo", "Genoa", "Cork", "Bremen", "Lyon"),
    "first": ("Harriet", "Tom", "Lena", "Marius", "Yusuf", "Greta"),
}  # fmt: skip

HOBBIES = Bank(_HOBBY_SAID, _HOBBY_ANSWERED, _HOBBY_LISTED, _HOBBY_WORDS)
