"""When a later statement takes an earlier one's place, and when both stay: the table of both."""

import pytest

from shared.compaction.ledger import collect
from tests.shared.compaction.ledger_sessions import say

_BOTH_STAY = [
    # A prohibition names one of a set.
    ("Do not share the report with Alice.", "Do not share the report with Bob."),
    ("Never send customer data to Acme.", "Never send customer data to Globex."),
    ("Do not write to /etc/passwd.", "Do not write to /var/lib/db."),
    ("Never deploy the API on Friday.", "Never deploy the API on Monday."),
    ("Never use Redux in components.", "Never use MobX in components."),
    ("Never use port 8080 for the relay.", "Never use port 9090 for the relay."),
    ("Never upgrade the database to 2.0.1.", "Never upgrade the database to 3.0.0."),
    ("Kundendaten dürfen nicht in Berlin gespeichert werden.", "Kundendaten dürfen nicht in Paris gespeichert werden."),
    ("No guardes datos de clientes en Dropbox.", "No guardes datos de clientes en Slack."),
    ("Nobody may send invoices to Acme.", "Nobody may send invoices to Globex."),
    ("Never call Nadia on Friday.", "From now on never call Nadia on Monday."),
    # What "only" is not about is one of a set too.
    ("Only Alice may approve releases to Production.", "Only Alice may approve releases to Staging."),
    # So is a name behind a preposition.
    ("I'm allergic to Penicillin.", "I'm allergic to Aspirin."),
    ("I'm allergic to Penicillin.", "I'm now also allergic to Aspirin."),
    ("Ich bevorzuge Antworten mit Beispielen.", "Ich bevorzuge Antworten mit Tabellen."),
    ("Send the weekly report to Alice.", "Send the weekly report to Bob."),
    # Somebody else.
    ("My colleague Alice lives in Rome.", "My colleague Bob now lives in Paris."),
    ("My colleague Alice lives in Rome.", "My colleague Bob now lives in Rome."),
    ("Ada Lovelace is on leave.", "Grace Hopper is now on leave."),
    ("Never give Alice access to Vault.", "Never give Bob access to Vault from now on."),
    ("Do not write to /etc/passwd.", "From now on do not write to /var/lib/db."),
    # A question or a doubt changes nothing.
    ("The deadline for Apollo is 2026-04-01.", "Is the deadline for Apollo now 2026-05-01?"),
    ("The deadline for Apollo is 2026-04-01.", "The deadline for Apollo is 2026-05-01?"),
    ("The deadline for Apollo is 2026-04-01.", "Can you tell me if the deadline for Apollo is now 2026-05-01?"),
    ("The deadline for Apollo is 2026-04-01.", "Maybe the deadline for Apollo is now 2026-05-01."),
    # An order about something else.
    ("The budget for ads is 300 EUR.", "Raise the budget for books to 500 EUR."),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), _BOTH_STAY, ids=[other for _, other in _BOTH_STAY])
def test_both_stay(one: str, other: str) -> None:
    assert {one} <= _kept(one, other)


_LATER_HOLDS = [
    ("Only Alice may approve refunds.", "Only Bob may approve refunds."),
    ("My passport number is X-4411.", "My passport number is Y-5522."),
    ("The signed manuscript is in old/draft.docx.", "The signed manuscript is in new/final.docx."),
    ("My sister lives in Rome.", "My sister lives in Paris."),
    ("The deadline for Apollo is 2026-04-01.", "The deadline for Apollo is 2026-05-01."),
    ("Never disclose the vault code AB-12.", "Never disclose the vault code CD-34."),
    ("Never book rooms over 200 EUR.", "Never book rooms over 300 EUR."),
    ("The report must not exceed 3 pages.", "The report must not exceed 5 pages."),
    ("Write all answers in German.", "Write all answers in English."),
    ("My colleague Alice lives in Rome.", "My colleague Alice now lives in Paris."),
    ("Never give Alice access to Vault.", "Scratch that: never give Bob access to Vault."),
    ("Ada Lovelace signs for the clinic.", "Grace Hopper signs for the clinic from now on."),
    ("The port of the relay is 8080.", "Never mind, the port of the relay is now 9090."),
    ("The port of the relay is 8080.", "Can you use port 9090 for the relay instead?"),
    # Orders to change something.
    ("The budget for ads is 300 EUR.", "Raise the budget for ads to 500 EUR."),
    ("The timeout of the API is 10 s.", "Please reduce the timeout of the API to 5 s."),
    ("The timeout of the API is 10 s.", "Lower the timeout of the API to 5 s."),
    ("The timeout of the API is 10 s.", "Increase the timeout of the API to 30 s."),
    ("The port of the relay is 8080.", "Change the port of the relay to 9090."),
    ("The port of the relay is 8080.", "Change the port of the relay from 8080 to 9090."),
    ("Das Budget für Werbung beträgt 300 Euro.", "Erhöhe das Budget für Werbung auf 500 Euro."),
    ("El presupuesto de marketing es 300 euros.", "Sube el presupuesto de marketing a 500 euros."),
    ("ポートは8080です。", "ポートを9090に変更してください。"),
    ("端口是8080。", "把端口改成9090。"),
]


@pytest.mark.parametrize(("old", "new"), _LATER_HOLDS, ids=[new for _, new in _LATER_HOLDS])
def test_the_later_holds(old: str, new: str) -> None:
    kept = _kept(old, new)

    assert old not in kept
    assert new in kept


def _kept(*texts: str) -> set[str]:
    items = [each for text in texts for each in (say("user", text), say("assistant", "Noted."))]
    ledger = collect([say("user", "Hello there."), *items, say("user", "Go on.")])
    return {entry.text for entry in ledger.entries}
