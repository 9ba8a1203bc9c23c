"""Bank five: sessions of many trades, registers and languages, written from the outside, each in its own words.

The text is in `bank_five.txt`. A session begins with `# name language trade`; its lines are what is said, by
`s`ystem, `u`ser, `a`ssistant or a `t`ool (`name {arguments} => output`), each with what must be found of it later:
` | kind: needle; needle < what an update replaced`. `hostile` must never become anybody's words. `{log:n}` and
`{code:n}` are n lines of output. Lines with `%` hold small talk: questions, answers and what they are about.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from shared.wire.items import FunctionCall, FunctionCallOutput, Item, Message, Role
from tests.benchmarks.counting import size_of
from tests.benchmarks.quality.chats import Session
from tests.benchmarks.quality.planted import Probe

_ROLES: dict[str, Role] = {"s": "system", "u": "user", "a": "assistant"}
_PROBE = re.compile(r" \| ([a-z][a-z ]*): ")
_NOISE = re.compile(r"\{(log|code):(\d+)\}")
# Facts are told in the first part of a session; what follows is small talk alone.
_TOLD_BY = 0.93
_A_DAY = 5
# What is told apart in the report; the rest of what the file names are facts.
_KINDS = frozenset(
    ("rule", "safety rule", "hard constraint", "preference", "decision", "update", "beside", "identifier", "number",
     "command", "error", "file edited", "hostile")
)  # fmt: skip
# How small talk stands around what is told in one message.
_AROUND_LINES = ("{1} {0}", "{1}\n\n{0}\n\n{2}", "{1} {2} {0}\n{3}", "- {1}\n- {0}\n- {2}")
_AROUND = (*_AROUND_LINES, "{0} {1}", "{1} {2} {0} {3}")


@dataclass(slots=True)
class Told:
    """A session as it is written: its language and its lines, each with the probes for it."""

    language: str = "en"
    lines: list[tuple[str, list[Probe]]] = field(default_factory=list)


def names() -> list[str]:
    """Return the names of the sessions, in the order of the file."""
    return list(_read()[0])


def day_of(rng: random.Random, tokens: int) -> Session:
    """Return a session of about so many tokens in which somebody talks of five things, one after the other."""
    return told("+".join(rng.sample(names(), _A_DAY)), rng, tokens)


def told(name: str, rng: random.Random, tokens: int) -> Session:
    """Return a session with small talk between its lines, of about so many tokens; names joined by + in one."""
    sessions, talk = _read()
    parts = [sessions[part] for part in name.split("+")]
    session = Told(parts[0].language, [line for part in parts for line in part.lines])
    own = [_items(rng, line, number) for number, (line, _) in enumerate(session.lines)]
    filler = list(_filler(rng, session, talk, tokens - sum(size_of(items) for items in own)))
    items: list[Item] = []
    step = len(filler) * _TOLD_BY / len(own)
    done = 0
    for number, said in enumerate(own):
        upto = 0 if session.lines[number][0].startswith("s ") else int((number + rng.random()) * step)
        items += [item for group in filler[done : max(upto, done)] for item in group]
        done = max(upto, done)
        items += [_wrapped(rng, item, session.language, talk) for item in said]
        if session.lines[number][0].startswith("u "):
            items += [Message(role="assistant", content=rng.choice(("OK.", "Noted.", "Got it.", "👍")))]
    items += [item for group in filler[done:] for item in group]
    probes = [probe for _, each in session.lines for probe in each]
    return Session(
        items,
        [probe for probe in probes if probe.kind != "hostile"],
        hostile=tuple(probe.needles[0] for probe in probes if probe.kind == "hostile"),
    )


@cache
def _read() -> tuple[dict[str, Told], dict[tuple[str, str], list[str]]]:
    sessions: dict[str, Told] = {}
    talk: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for line in (Path(__file__).parent / "bank_five.txt").read_text("utf-8").splitlines():
        if line.startswith("# "):
            name, language, _ = line[2:].split(" ")
            session = sessions[f"{name} {language}"] = Told(language)
        elif line.startswith("% "):
            _, language, kind, text = line.split(" ", 3)
            talk[language, kind] += re.split(", ", text) if kind == "x" else [text]
        elif line:
            text, *parts = _PROBE.split(line)
            session.lines.append(
                (text, [_probe(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)])
            )
    return sessions, talk


def _probe(kind: str, text: str) -> Probe:
    needles, *stale = text.split(" < ")
    return Probe(kind if kind in _KINDS else "fact", tuple(needles.split("; ")), tuple(stale))


def _items(rng: random.Random, line: str, number: int) -> list[Item]:
    mark, text = line.split(" ", 1)
    if mark != "t":
        return [Message(role=_ROLES[mark], content=text.replace("\\n", "\n"))]
    call, output = text.split(" => ", 1) if " => " in text else (text.removesuffix(" =>"), "")
    name, arguments = call.split(" ", 1)
    output = output.replace("\\n", "\n").replace("\\\\", "\\")
    # What follows stands on a line of its own, as tools print it.
    output = _NOISE.sub(lambda match: f"{_noise(rng, match[1], int(match[2]))}\n", output)
    return _called(name, arguments, output, f"call_{number}_{rng.randrange(10**6)}")


def _wrapped(rng: random.Random, item: Item, language: str, talk: dict[tuple[str, str], list[str]]) -> Item:
    if not isinstance(item, Message) or item.role != "user" or not isinstance(item.content, str):
        return item
    if rng.random() < 0.5 or "\n" in item.content:
        return item
    # What nothing ends does not run on into the next sentence on the same line.
    ended = item.content.endswith((".", "!", "?", "。", "।"))
    asked = _AROUND if ended else _AROUND_LINES
    text = rng.choice(asked).format(item.content, *(_said(rng, language, talk, "q") for _ in range(3)))
    return Message(role="user", content=text)


def _called(name: str, arguments: str, output: str, call_id: str) -> list[Item]:
    return [
        FunctionCall(name=name, arguments=arguments, call_id=call_id),
        FunctionCallOutput(call_id=call_id, output=output),
    ]


def _noise(rng: random.Random, kind: str, lines: int) -> str:
    words = ("cache", "index", "batch", "worker", "queue", "shard", "probe", "frame", "token", "panel")
    if kind == "log":
        return "\n".join(
            f"2026-03-0{rng.randrange(1, 9)} 1{rng.randrange(10)}:{rng.randrange(10, 60)} INFO {rng.choice(words)} "
            f"{rng.randrange(1000)} {rng.choice(('ready', 'done', 'started', 'moved on', 'idle'))}"
            for _ in range(lines)
        )
    return "\n".join(
        f"{'    ' * rng.randrange(3)}{rng.choice(words)}_{rng.choice(words)} = {rng.choice(words)}({rng.randrange(100)})"
        for _ in range(lines)
    )


def _filler(
    rng: random.Random, session: Told, talk: dict[tuple[str, str], list[str]], tokens: int
) -> Iterator[list[Item]]:
    tools = any(line.startswith("t ") for line, _ in session.lines)
    while tokens > 0:
        group = _looked(rng) if tools and rng.random() < 0.5 else _talked(rng, session.language, talk)
        tokens -= size_of(group)
        yield group


def _looked(rng: random.Random) -> list[Item]:
    path = f"src/{rng.choice('abcdefgh')}{rng.randrange(100)}/{rng.choice(('main', 'util', 'view'))}.py"
    name, arguments = rng.choice((("read_file", {"path": path}), ("grep", {"pattern": "TODO", "path": path})))
    output = _noise(rng, rng.choice(("log", "code")), rng.randrange(10, 90))
    return _called(name, json.dumps(arguments), output, f"call_{rng.randrange(10**9)}")


def _talked(rng: random.Random, language: str, talk: dict[tuple[str, str], list[str]]) -> list[Item]:
    glue = "" if language in {"zh", "ja"} else " "
    answer = glue.join(_said(rng, language, talk, "a") for _ in range(rng.randrange(2, 6)))
    question = _said(rng, language, talk, "q")
    return [Message(role="user", content=question), Message(role="assistant", content=answer)]


def _said(rng: random.Random, language: str, talk: dict[tuple[str, str], list[str]], kind: str) -> str:
    x, y = rng.sample(talk[language, "x"], 2)
    return rng.choice(talk[language, kind]).replace("{x}", x).replace("{y}", y)
