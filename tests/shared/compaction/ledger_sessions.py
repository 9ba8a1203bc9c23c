"""Seeded sessions with planted facts: long chatter with rules and facts inside, and coding agents at work."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.compaction.ledger import collect
from shared.wire.items import FunctionCall, FunctionCallOutput, Item, Message, Role


def tokens(text: str) -> int:
    """Estimate tokens as four characters each: near enough for a budget, and the same everywhere."""
    return (len(text) + 3) // 4


@dataclass(frozen=True)
class Planted:
    """A sentence in a session, and the parts of it that must be found later."""

    kind: str
    text: str
    needles: tuple[str, ...]
    hard: bool = False

    def survives_in(self, text: str) -> bool:
        """Whether every needle is in `text`, whatever its case."""
        low = text.casefold()
        return all(needle.casefold() in low for needle in self.needles)


def say(role: Role, text: str) -> Message:
    """Return a message."""
    return Message(role=role, content=text)


def kept_of(*texts: str) -> set[str]:
    """Return what a ledger holds once a user said these sentences, one after the other."""
    items = [each for text in texts for each in (say("user", text), say("assistant", "Noted."))]
    ledger = collect([say("user", "Hello there."), *items, say("user", "Go on.")])
    return {entry.text for entry in ledger.entries}


_FIRST = [
    "Amara", "Bjorn", "Chidi", "Dalia", "Emeka", "Farah", "Goran", "Hana", "Ines", "Jonas", "Keiko",
    "Lior", "Marta", "Nadia", "Oskar", "Priya",
]  # fmt: skip
_LAST = [
    "Okafor", "Lindqvist", "Haddad", "Moreau", "Novak", "Castellano", "Petrov", "Yamada", "Silva",
    "Brandt", "Oyelaran", "Kowalski",
]  # fmt: skip
_TOPICS = [
    "billing", "search", "onboarding", "checkout", "reporting", "the-parser", "notifications", "caching",
    "export", "layout", "navigation", "the-importer", "pagination", "analytics", "theming",
    "the-scheduler", "uploads", "sessions", "webhooks", "the-gateway",
]  # fmt: skip
_CHATTER = (
    "Can you walk me through how {a} works at the moment?",
    "Thanks, that helps a lot. Let's keep looking at {a} for a while.",
    "Hmm, I think {a} looks fine, and {b} is not that different from what we had before.",
    "What would be the usual way to combine {a} with {b}?",
    "Okay, makes sense. And how does {a} behave when {b} is slow?",
    "I read a blog post about {a} yesterday, quite a nice read.",
    "Could you show me another example for {a}? The last one was a bit abstract.",
    "Great, go on with {a} please.",
    "Interesting. I always wondered why {a} and {b} are separate things.",
    "I don't know whether {a} even matters here, what do you think?",
    "We looked at {a} for {n} minutes this morning and it seemed okay.",
    "Right, {a} again. My colleague says the same about {b}, funny.",
    "Let me think about {a} for a second. Maybe we can come back to {b} later.",
    "Sorry, I was in a meeting. Where were we with {a}?",
)
_ANSWERS = (
    (
        "Sure. {a} and {b} talk to each other through a queue, so that neither waits for the other. In practice you would measure first and then decide, because the cost of the simple way is often small enough to ignore."
    ),
    (
        "Good question. The short answer is that {a} keeps its own state, while {b} reads it when it has to. You should always prefer the simple path here, and you must not rely on the order in which things arrive."
    ),
    (
        "Here is an overview of {a}: requests come in, they are checked, and then {b} takes over. Most of the time is spent on waiting, so there is little to gain from making the rest quicker than it is today."
    ),
    (
        "There are several ways to look at {a}. One of them is to start from {b} and to follow what happens to a single entry; another is to look at the totals. Both lead to the same picture after a while."
    ),
)


def chatter(rng: random.Random, amount_tokens: int) -> list[Item]:
    """Return small talk of about `amount_tokens`, users and assistants in turn; nothing in it needs keeping."""
    items: list[Item] = []
    size = 0
    while size < amount_tokens:
        fill = {"a": rng.choice(_TOPICS), "b": rng.choice(_TOPICS), "n": rng.randrange(5, 50)}
        question = rng.choice(_CHATTER).format(**fill)
        answer = " ".join(rng.choice(_ANSWERS).format(**fill) for _ in range(rng.randrange(1, 4)))
        items += [say("user", question), say("assistant", answer)]
        size += tokens(question) + tokens(answer)
    return items


def _name(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def _code(rng: random.Random) -> str:
    return f"{''.join(rng.choices('ABCDEFGHKLMNPRSTUVWXYZ', k=3))}-{rng.randrange(1000, 9999)}"


_Maker = Callable[[random.Random], tuple[str, tuple[str, ...]]]


def _hard(rng: random.Random) -> list[tuple[str, tuple[str, ...]]]:
    name, code, amount = _name(rng), _code(rng), rng.randrange(200, 900)
    return [
        (f"Never deploy service {code} on a Friday.", ("never", code, "Friday")),
        (
            f"By the way, don't touch the folder legacy/{code.lower()}, ever.",
            ("don't", f"legacy/{code.lower()}"),
        ),
        (f"You must not email customers without sign-off from {name}.", ("must not", name)),
        (f"Under no circumstances may the token {code} appear in a log.", ("no circumstances", code)),
        (f"Always ask me before you spend more than ${amount}.", ("ask me before", f"${amount}")),
        (f"Only {name} is allowed to approve refunds.", (name, "refunds")),
        (f"Patient data must stay inside region eu-{amount}.", ("must", f"eu-{amount}")),
        (
            f"No external calls from the sandbox, except to host {code.lower()}.internal.",
            ("no external", code.lower()),
        ),
        (f"Responses may not exceed {amount} words.", ("may not exceed", str(amount))),
        (
            f"Do not merge anything into release/{amount} until QA is through.",
            ("do not merge", f"release/{amount}"),
        ),
        ("Avoid the word 'synergy' in anything customer-facing.", ("avoid", "synergy")),
        (f"Make sure every invoice carries the reference {code}.", ("every invoice", code)),
        (f"Backups are mandatory before migration {code}.", ("mandatory", code)),
        ("Please never use em-dashes when you write for me.", ("never", "em-dashes")),
    ]


def _soft(rng: random.Random) -> list[tuple[str, str, tuple[str, ...]]]:
    name, code, number = _name(rng), _code(rng), rng.randrange(1000, 9999)
    city = rng.choice(["Lisbon", "Tallinn", "Osaka", "Quito", "Ghent"])
    return [
        ("preference", "I prefer short answers with bullet points.", ("short answers", "bullet points")),
        ("preference", "I'd rather have tabs than spaces in everything.", ("tabs", "spaces")),
        ("preference", "Call me Captain in your replies.", ("Captain",)),
        ("preference", f"When you write dates, use the format of {city}.", ("dates", city)),
        (
            "deadline",
            f"The report is due on 2027-03-{number % 28 + 1:02d}.",
            ("report", f"2027-03-{number % 28 + 1:02d}"),
        ),
        (
            "deadline",
            f"We have until June {number % 28 + 1} to ship the beta.",
            (f"June {number % 28 + 1}", "beta"),
        ),
        ("budget", f"Our budget for the offsite is {number} EUR.", ("offsite", f"{number} EUR")),
        (
            "budget",
            f"Finance gave us ${number},000 for cloud costs this quarter.",
            (f"${number},000", "cloud"),
        ),
        ("person", f"{name} leads the security review.", (name, "security review")),
        ("person", f"If anything breaks at night, page {name}.", (name, "night")),
        ("person", f"My sister {name} handles the accounting.", (name, "accounting")),
        ("definition", f"Project Heron is the rewrite that {city} started.", ("Heron", city)),
        ("definition", f"By 'the blue list' I mean the table tbl_{number}.", ("blue list", f"tbl_{number}")),
        (
            "definition",
            f"ACME-{number} stands for our oldest customer.",
            (f"ACME-{number}", "oldest customer"),
        ),
        (
            "credential",
            f"The staging password label is vault/{code.lower()}.",
            ("staging", f"vault/{code.lower()}"),
        ),
        ("identifier", f"The ticket for this is {code}.", (code,)),
        (
            "identifier",
            f"Our production cluster lives at https://k8s-{number}.example.net:6443.",
            (f"k8s-{number}",),
        ),
        (
            "identifier",
            f"The config is in deploy/{code.lower()}/values.yaml.",
            (f"deploy/{code.lower()}/values.yaml",),
        ),
        ("count", f"There are {number} rows in the orders table right now.", (str(number), "orders table")),
        (
            "count",
            f"We have {number % 90 + 10} warehouses in {city}.",
            (f"{number % 90 + 10} warehouses", city),
        ),
        ("choice", f"We decided to go with Kafka because {name} knows it well.", ("Kafka", name)),
        (
            "choice",
            f"Let's use port {number} for the proxy, since 8080 is taken.",
            (f"port {number}", "proxy"),
        ),
        ("choice", "We picked SQLite over Postgres to keep the installer small.", ("SQLite", "installer")),
        ("state", f"Next step is wiring up exporter {code}.", ("next step", code)),
        (
            "state",
            f"Migration {number} is done, migration {number + 1} is still pending.",
            (str(number + 1), "pending"),
        ),
        ("personal", "I'm allergic to peanuts, so keep that in mind for the menu.", ("allergic", "peanuts")),
        ("personal", f"I live in {city} and work from 7 to 15.", (city, "7 to 15")),
        (
            "version",
            f"The customer still runs version {number % 9 + 1}.4.{number % 50}.",
            (f"{number % 9 + 1}.4.{number % 50}",),
        ),
    ]


_GERMAN = (
    ("Bitte antworte immer auf Deutsch.", ("immer auf deutsch",)),
    ("Du darfst die Datei kunden.csv auf keinen Fall löschen.", ("kunden.csv", "auf keinen fall")),
    ("Das Budget beträgt 4200 Euro.", ("4200 Euro",)),
)
_SPANISH = (
    ("Nunca envíes correos sin mi permiso.", ("nunca", "permiso")),
    ("El plazo es el 14 de marzo.", ("14 de marzo",)),
    ("Prefiero respuestas cortas en español.", ("respuestas cortas",)),
)
_CHINESE = (
    ("不要修改配置文件 config.yaml。", ("不要修改", "config.yaml")),
    ("数据库端口是8081。", ("端口", "8081")),
    ("我喜欢简短的回答。", ("简短的回答",)),
)
_JAPANESE = (
    ("本番環境には絶対にデプロイしないでください。", ("絶対に", "デプロイしない")),
    ("締め切りは3月14日です。", ("締め切り", "3月14日")),
    ("担当者は田中さんです。", ("田中",)),
)


def planted(rng: random.Random, hard: int, soft: int) -> list[Planted]:
    """Return facts to plant: `hard` binding rules, `soft` other facts and a sentence in each other language."""
    rules = [Planted("rule", text, needles, hard=True) for text, needles in rng.sample(_hard(rng), hard)]
    facts = [Planted(kind, text, needles) for kind, text, needles in rng.sample(_soft(rng), soft)]
    foreign = [Planted("foreign", *rng.choice(pool)) for pool in (_GERMAN, _SPANISH, _CHINESE, _JAPANESE)]
    return [*rules, *facts, *foreign]


def session(rng: random.Random, facts: Sequence[Planted], amount_tokens: int) -> list[Item]:
    """Return chatter of `amount_tokens` with the facts in it: half of them alone, half inside small talk."""
    items = chatter(rng, amount_tokens)
    for fact in facts:
        text = (
            fact.text
            if rng.random() < 0.5
            else f"Thanks, that was useful. {fact.text} Anyway, what comes next?"
        )
        position = 2 * rng.randrange(len(items) // 2)
        items[position:position] = [say("user", text), say("assistant", "Noted.")]
    return items


@dataclass(frozen=True)
class AgentSession:
    """A coding agent's session, and what must be known of it afterwards."""

    items: list[Item]
    identifiers: list[str]
    edited: list[str]
    commands: list[str]
    errors: list[str]
    state: str


def agent_session(rng: random.Random, steps: int) -> AgentSession:
    """Return `steps` rounds of reading, editing and running, with long outputs, in a task that a user gave."""
    ticket, branch = f"OPS-{rng.randrange(1000, 9999)}", f"fix/{rng.randrange(100, 999)}-retry"
    items: list[Item] = [
        say("developer", "You are a coding agent. Never force-push."),
        say(
            "user",
            f"Fix {ticket} on branch {branch}; the reproduction is in scripts/repro_{ticket.lower()}.sh.",
        ),
    ]
    edited: list[str] = []
    commands: list[str] = []
    errors: list[str] = []
    for step in range(steps):
        path = f"src/app_{rng.randrange(900)}/mod_{step}.py"
        items += _call(step, "read_file", {"path": path}, _source(rng))
        command, output, error = _run(rng, step)
        items += _call(1000 + step, "shell", {"command": ["bash", "-lc", command]}, output)
        commands.append(command)
        errors += [error] if error else []
        if step % 2:
            edited.append(path)
            items += _call(2000 + step, "apply_patch", {"input": _patch(path, rng)}, "Done!")
    state = f"The retry loop of {ticket} is fixed; what remains is the changelog entry."
    items.append(say("assistant", state))
    identifiers = [ticket, branch, f"scripts/repro_{ticket.lower()}.sh"]
    return AgentSession(items, identifiers, edited, commands, errors, state)


def _call(number: int, name: str, arguments: dict[str, object], output: str) -> list[Item]:
    call_id = f"call_{number}"
    return [
        FunctionCall(call_id=call_id, name=name, arguments=json.dumps(arguments)),
        FunctionCallOutput(call_id=call_id, output=output),
    ]


def _source(rng: random.Random) -> str:
    names = [f"value_{rng.randrange(9999)}" for _ in range(60)]
    return "\n".join(
        f"    {name} = compute({name}, limit={rng.randrange(99)})  # keeps it small" for name in names
    )


def _patch(path: str, rng: random.Random) -> str:
    body = "\n".join(f"-old line {rng.randrange(99)}\n+new line {rng.randrange(99)}" for _ in range(8))
    return f"*** Begin Patch\n*** Update File: {path}\n@@\n{body}\n*** End Patch"


def _run(rng: random.Random, step: int) -> tuple[str, str, str]:
    """Return a command, its output, and the error in it (empty when it went well)."""
    command = f"pytest -q tests/test_mod_{step}.py"
    noise = "\n".join(f"tests/test_mod_{step}.py::test_{rng.randrange(999)} PASSED" for _ in range(40))
    if step % 3:
        return command, f"{noise}\n40 passed in 1.{rng.randrange(99)}s", ""
    kind = rng.choice(["ValueError", "KeyError", "TypeError", "TimeoutError"])
    error = f"{kind}: no handler for {rng.choice(_TOPICS)} in step {step}"
    return command, f"{noise}\nE   {error}\n1 failed, 39 passed in 2.0s\nExit code: 1", error
