"""Planted facts: sentences with what must be found of them later, drawn from banks of templates."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.quality.shapes import shaped_values

SOFT_KINDS = (
    "preference", "decision", "state", "person", "amount", "date", "identifier", "definition",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Probe:
    """What must be found in the prompt: every needle, whatever its case. `stale` is what an update replaced."""

    kind: str
    needles: tuple[str, ...]
    stale: tuple[str, ...] = ()

    def holds(self, text: str) -> bool:
        """Whether `text`, casefolded, has every needle."""
        return all(needle.casefold() in text for needle in self.needles)

    def is_stale(self, text: str) -> bool:
        """Whether `text`, casefolded, still has a value that was replaced."""
        return any(value.casefold() in text for value in self.stale)


@dataclass(frozen=True, slots=True)
class Planted:
    """The sentences that state a fact, in order (an update has two), and the probe for it."""

    sentences: tuple[str, ...]
    probe: Probe


@dataclass(frozen=True, slots=True)
class Template:
    """A line of a bank: its sentences, what to look for, what must be gone; with `{slots}`."""

    kind: str
    sentences: tuple[str, ...]
    needles: tuple[str, ...]
    stale: tuple[str, ...] = ()

    def planted(self, values: Mapping[str, str]) -> Planted:
        """Return the fact with its slots filled."""
        probe = Probe(self.kind, _filled(self.needles, values), _filled(self.stale, values))
        return Planted(_filled(self.sentences, values), probe)


def templates(kind: str, table: str) -> list[Template]:
    """Read a bank: one fact a line, `sentence | needle | needle`."""
    rows = [_cells(line) for line in table.splitlines() if line.strip()]
    return [Template(kind, (row[0],), tuple(row[1:])) for row in rows]


def updates(table: str) -> list[Template]:
    """Read a bank of updates: `sentence | later sentence | needle;needle | what is replaced, if it is told apart`."""
    rows = [_cells(line) for line in table.splitlines() if line.strip()]
    return [Template("update", (row[0], row[1]), tuple(row[2].split(";")), tuple(row[3:])) for row in rows]


def draw(rng: random.Random, bank: Sequence[Template], counts: Mapping[str, int]) -> list[Planted]:
    """Return so many facts of each kind, each with values of its own."""
    return [template.planted(fresh_values(rng)) for template in _sampled(rng, bank, counts)]


def fresh_values(rng: random.Random) -> dict[str, str]:
    """Return a value for every slot that a template may have."""
    values = _plain_values(rng)
    return values | shaped_values(values)


def _plain_values(rng: random.Random) -> dict[str, str]:
    first, second = rng.sample(_GIVEN, 2)
    word = "".join(rng.choices("bcdfgklmnprstvz", k=2)) + rng.choice("aeiou") + rng.choice("lmnrst")
    return {
        "name": f"{first} {rng.choice(_FAMILY)}",
        "name2": f"{second} {rng.choice(_FAMILY)}",
        "code": f"{''.join(rng.choices('ABCDEFGHJKLMNPQRSTUVWXYZ', k=rng.choice((2, 3, 4))))}-{rng.randrange(100, 99_999)}",
        "amount": rng.choice((f"€{rng.randrange(200, 9_900)}", f"${rng.randrange(2, 90)},{rng.randrange(100, 999)}")),
        "sum": f"{rng.randrange(2, 90)},{rng.randrange(10, 99)}0 {rng.choice(('EUR', 'CHF', 'USD', 'pounds'))}",
        "n": str(rng.randrange(12, 98)),
        "m": str(rng.randrange(120, 980)),
        "day": f"{rng.randrange(1, 29)} {rng.choice(_MONTHS)}",
        "date": f"2027-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
        "date2": f"2028-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
        "weekday": rng.choice(("Tuesday", "Wednesday", "Thursday", "Saturday")),
        "clock": f"{rng.randrange(6, 22)}:{rng.choice(('05', '15', '20', '40', '50'))}",
        "city": rng.choice(_CITIES),
        "city2": rng.choice(_OTHER_CITIES),
        "org": rng.choice(_ORGS),
        "word": rng.choice(("seamless", "revolutionary", "cheap", "guaranteed", "disruptive")),
        "food": rng.choice(("sesame", "walnuts", "shellfish", "lupin", "celery")),
        "path": f"{rng.choice(('etc', 'srv', 'plans', 'archive', 'src'))}/{word}/{rng.choice(('limits', 'main', 'roster', 'terms'))}.{rng.choice(('yaml', 'md', 'py', 'csv', 'xlsx'))}",
        "host": f"{word}-{rng.randrange(1, 40):02d}.{rng.choice(('lan', 'example.org', 'corp'))}",
        "hash": "".join(rng.choices("0123456789abcdef", k=6)) + rng.choice("abcdef") + rng.choice("0123456789"),
        "version": f"{rng.randrange(1, 9)}.{rng.randrange(0, 30)}.{rng.randrange(0, 30)}",
        "port": str(rng.randrange(2_000, 9_900)),
        "port2": str(rng.randrange(10_000, 60_000)),
    }  # fmt: skip


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _filled(texts: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(text.format_map(values) for text in texts)


def _sampled(rng: random.Random, bank: Sequence[Template], counts: Mapping[str, int]) -> Iterator[Template]:
    for kind, count in counts.items():
        yield from rng.sample([template for template in bank if template.kind == kind], count)


_GIVEN = (
    "Aoife", "Bastian", "Camille", "Dmitri", "Eun-ji", "Fiona", "Gianluca", "Hamza", "Ingrid", "Joaquin",
    "Kwame", "Leonie", "Milan", "Nkechi", "Orla", "Pavel", "Quentin", "Rosalind", "Sanjay", "Thandiwe",
)  # fmt: skip
_FAMILY = (
    "Abernathy", "Bergström", "Chukwu", "Delacroix", "Eriksen", "Fonseca", "Grabowski", "Hollander", "Ivanova",
    "Jankowski", "Kitagawa", "Lombardi", "Marchetti", "Nakagawa", "Osei", "Pellegrini", "Rasmussen", "Szabo",
)  # fmt: skip
_MONTHS = ("January", "February", "April", "June", "July", "September", "October", "November")
_CITIES = ("Rotterdam", "Porto", "Gdansk", "Bergen", "Turin", "Leipzig", "Galway")
_OTHER_CITIES = ("Nantes", "Zagreb", "Aarhus", "Malaga", "Tartu", "Graz")
_ORGS = ("Halbrook Freight", "Venndal AG", "Corvus Media", "Pinewater Trust", "Lumetra", "Osterby & Sons")
