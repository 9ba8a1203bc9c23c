"""Values of many shapes for planted facts: ids, accounts, addresses, paths, times and amounts as people write them."""

import random
import string
import uuid
from collections.abc import Mapping


def shaped_values(values: Mapping[str, str]) -> dict[str, str]:
    """Return values for further slots, the same ones for the same `values`."""
    rng = random.Random(repr(sorted(values.items())))
    word = "".join(rng.choices("bcdfgklmnprstvz", k=2)) + rng.choice("aeiou") + rng.choice("lmnrst")
    digits = "".join(rng.choices(string.digits, k=20))
    return {
        "uuid": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "ticket": f"{rng.choice(('OPS', 'CARE', 'PLAT', 'INC', 'LEGAL'))}-{rng.randrange(1_000, 99_999)}",
        "iban": f"{rng.choice(('DE', 'ES', 'NL'))}{digits[:2]} {digits[2:6]} {digits[6:10]} {digits[10:14]} {digits[14:18]}",
        "sku": f"{word.upper()}/{digits[:4]}-{rng.choice(('XL', 'BLK', 'R2'))}",
        "ip": f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(2, 250)}",
        "winpath": rf"{rng.choice('CDE')}:\{word.title()}\{rng.choice(('Exports', 'Builds', 'Scans'))}\{digits[:3]}.{rng.choice(('xlsx', 'log', 'pak'))}",
        "url": f"https://{word}.example.{rng.choice(('com', 'net'))}/{rng.choice(('forms', 'board', 'v2/items'))}?id={digits[:5]}&tab={rng.choice(('open', 'raw'))}",
        "phone": f"+{rng.choice(('44 20', '49 30', '34 91'))} {digits[:4]} {digits[4:8]}",
        "yen": f"¥{digits[0]}{rng.randrange(1, 10)},{digits[1:4]}",
        "kr": f"{rng.randrange(2, 90)} {rng.randrange(100, 999)} kr",
        "pounds": f"£{rng.randrange(20, 900)}.{digits[:2]}",
        "pct": f"{rng.randrange(2, 80)}%",
        "dose": f"{rng.randrange(2, 90)} mg",
        "iso": f"2027-0{rng.randrange(1, 10)}-{rng.randrange(10, 29)}T{rng.randrange(10, 24)}:{rng.randrange(10, 60)}Z",
        "sha": f"{rng.getrandbits(160):040x}",
        "semver": f"v{rng.randrange(0, 9)}.{rng.randrange(30)}.{rng.randrange(30)}-rc.{rng.randrange(1, 9)}",
        "room": f"{rng.randrange(1, 9)}{rng.choice('ABCD')}",
        "thing": rng.choice(("penicillin", "latex", "aspirin", "strawberries", "mustard", "bee stings")),
        "var": f"{word}_{rng.choice(('train', 'raw', 'clean'))}_df",
        "few": str(rng.randrange(3, 12)),
    }  # fmt: skip
