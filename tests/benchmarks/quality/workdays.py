"""Small talk of workdays: technical, with file names, figures and dates in passing that nobody will ask for."""

from tests.benchmarks.quality.small_talk import Bank

_SAID = """
Morning! Where did we leave off with {part}?
I skimmed the logs of {part} and there's nothing unusual in them.
Could {part} be a bottleneck, or is that more likely {part2}?
What does {tool} do when {part} is empty?
Just had a call about {part}, they want to know how it works.
Can you sketch how {part} talks to {part2}?
We had {count} timeouts on {weekday}, but it looks fine since then.
Reading through {file} right now, it's longer than I remembered.
How would you test {part}?
Is {tool} still maintained?
I've got {count} minutes before the next meeting, so a short answer will do.
My laptop is updating, back in a moment.
Sounds reasonable. And what about {part2}?
Does {tool} support that out of the box?
{person} mentioned something similar in the stand-up.
I'm not convinced yet. What speaks against {tool}?
The dashboard shows {count} requests at the moment, which is about normal.
Someone left a comment in {file} that made me laugh.
Explain the difference between {part} and {part2} to me, I always confuse them.
Let's assume {part} is fast enough. Then what?
Interesting, I didn't know that about {tool}.
Do other teams use {tool} for this?
Okay, let me think about it over lunch.
The coffee machine broke, so expect slow replies.
Could you rewrite that paragraph so that it is less technical?
Show me what a minimal {file} would look like.
What's a good name for a class that wraps {part}?
I tried {tool} on a toy example and it took {count} seconds.
Why do people dislike {tool} so much?
There were {count} people in the retro and nobody brought up {part}.
Hmm, {file} has grown quite a bit since {year}.
Are there any papers about {part}?
Give me three arguments for {part} and three against.
I'll be in a workshop until noon, just keep going.
Looks good to me so far.
Was that the same thing we saw with {part2} the other day?
The intern asked me about {part} and I had no good answer.
Back from lunch, the queue was endless.
Would it help to draw a diagram of {part}?
What would {part} look like in Rust?
I guess {tool} would do the job, but so would a shell script.
Can we simplify {part} a little?
That error message in {file} is from {year}, I think, long before my time.
How does {company} do it?
Seems {company} wrote a blog post about {part} a while ago.
Tell me if I'm asking too much.
Let's come back to {part} after {part2}.
Could you summarise the trade-offs once more?
Sure, go ahead.
Ah, that explains the {count} warnings from {tool}.
"""

_ANSWERED = """
{part} reads from {part2} in small batches, which keeps memory flat but adds a little latency.
The trade-off is mostly one of operational effort: {tool} is easy to start with and harder to get rid of.
In most systems of this size {part} spends its time waiting, so making it faster rarely shows.
I would begin with a test that covers {part} from the outside and add finer ones where it hurts.
Looking at {file}, the interesting bit is near the top, where the configuration is merged.
{tool} handles this by retrying with a growing delay, up to {count} times by default.
You could split {part} in two, although that makes the hand-over to {part2} more visible.
It is tempting to cache the result, but you must then decide who invalidates it.
A diagram would show three boxes: {part}, {part2} and a store between them.
Teams at {company} reported something similar in {year} and ended up with a simpler design.
Naming is hard here; something that says what it holds is better than something that says how.
If the numbers from the dashboard are right, {count} requests is well within what it can take.
There is no need to rewrite {part}; a thin wrapper would be enough.
Both approaches are fine, and the difference will not matter before you have ten times the load.
The error comes from a check that is run before {part} is ready, and it can be ignored at start-up.
One could argue that {part2} should never know about {part}, but in practice it always does.
A minimal version has a name, a version and a list of steps, and everything else is optional.
That said, {tool} has improved a lot since {year}, and most of the old complaints no longer apply.
In short: measure, change one thing, and measure again.
"""

_LISTED = """
Write down what {part} guarantees
Run {tool} with its defaults first
Compare the figures before and after
Look for places where {file} is read twice
Keep {part2} out of the picture for now
Ask who depends on it
"""

_WORDS: dict[str, tuple[str, ...]] = {
    "part": (
        "the scheduler", "the importer", "the session store", "the rate limiter", "the search index", "the outbox",
        "the event loop", "the permission check", "the thumbnailer", "the webhook receiver", "the config loader",
        "the feature flags", "the pagination code", "the metrics pipeline", "the login page", "the retry logic",
    ),
    "tool": (
        "Terraform", "Grafana", "Celery", "Webpack", "Ansible", "Bazel", "Kafka", "Nginx", "Airflow", "esbuild",
        "RabbitMQ", "Prometheus", "Storybook", "Flyway",
    ),
    "file": (
        "settings.py", "docker-compose.yml", "src/app.ts", "README.md", "Makefile", "utils/dates.py", "main.go",
        "config/default.json", "index.html", "conftest.py",
    ),
    "count": ("12", "3", "about 40", "250", "1,200", "a dozen", "17", "90"),
    "weekday": ("Monday", "Tuesday", "Thursday"),
    "year": ("2016", "2019", "2021", "2023"),
    "person": ("Ben", "Carla", "Noor", "Victor", "Jess"),
    "company": ("Shopify", "Netflix", "a bank I know", "GitLab", "Zalando"),
}  # fmt: skip

WORKDAYS = Bank(_SAID, _ANSWERED, _LISTED, _WORDS)
