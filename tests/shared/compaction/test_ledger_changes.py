"""When a later statement takes an earlier one's place, and when both stay: the table of both."""

import pytest

from tests.shared.compaction.ledger_sessions import kept_of

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
    assert {one} <= kept_of(one, other)


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
    kept = kept_of(old, new)

    assert old not in kept
    assert new in kept


_BESIDE = [
    ("In staging, the port is 8080.", "In production, the port is now 9090."),
    ("For Apollo, the deadline is 3 May.", "For Zeus, the deadline moved to 10 May."),
    ("The port is 8080, when nobody is in.", "Sorry, the port is 9090."),
    ("The nightly job starts at 02:30.", "The weekly job now starts at 04:00."),
    ("Retention of audit logs is 90 days.", "Debug log retention is now 7 days."),
    ("My sister's birthday is 4 May.", "Sorry, my brother's birthday is 9 May."),
    ("The budget for ads is 300 EUR, for books 200 EUR.", "Sorry, the budget for games is 500 EUR."),
    ("The meeting is in room 4, on Monday.", "Turns out the party is on Friday."),
    ("The invoice goes to Hartwell GmbH, attention Ms. Brodeur.", "Sorry, the parcel goes to Hartwell AG."),
    ("Lunch is at 12:30 in room 4.", "Lunch on Fridays is now at 13:00."),
    ("Never call before 9:00, I work nights.", "Turns out the shop opens at 10:00."),
    ("회의실은 7층입니다.", "회의는 화요일로 변경됐어요."),
    ("我对虾过敏。", "我现在对芒果也过敏。"),
    ("截止日期是5月6日。", "开会日期改到5月13日。"),
    ("会議は4月10日です。", "試験は4月12日に変更になりました。"),
    # Allergies are a set, whatever says since when.
    ("I'm allergic to Penicillin.", "I'm now allergic to Aspirin."),
    ("I'm allergic to Penicillin, it gave me hives.", "Sorry, I'm allergic to Aspirin."),
    ("Ich bin allergisch gegen Penicillin.", "Ich bin jetzt allergisch gegen Aspirin."),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), _BESIDE, ids=[other for _, other in _BESIDE])
def test_another_thing_stays_beside_a_change(one: str, other: str) -> None:
    assert {one} <= kept_of(one, other)


_REPLACED = [
    ("The staging DB is on port 6543.", "Wrong door, sorry: the staging DB is on port 7432."),
    ("The deadline is Friday 20 March 2026, that is when the shop shuts.", "The deadline moved to 25 March 2026."),
    ("My desk phone is 4417.", "Got a new desk phone: 4482."),
    ("Deploy window: Tue 10-12.", "Deploy window: Thu 14-16."),
    ("Answer in French.", "Please answer in English from here on."),
    ("The spare key is with Mrs Abernathy.", "The spare key isn't with Mrs Abernathy anymore, Mr Lund has it."),
    ("Redis sits on cache-01:6380.", "sorry, typo above, redis sits on cache-01:6390"),
    ("Ansprechpartnerin ist Frau Kettler.", "Ansprechpartner ist nicht mehr Frau Kettler, sondern Herr Bugla."),
    ("Der Server läuft auf Port 5433.", "Kommando zurück: der Server läuft auf Port 5439."),
    ("El límite es de 300 euros.", "Perdón, el límite es de 450 euros."),
    ("La date limite est le 4 juin.", "La date limite est repoussée au 11 juin."),
    ("O prazo é 10 de agosto.", "Corrigindo: o prazo é 17 de agosto."),
    ("Пароль — klen-41.", "Пароль теперь dub-83."),
    ("बैठक सोमवार को 11 बजे है।", "बैठक अब मंगलवार को 3 बजे है।"),
    ("كلمة المرور هي nakhla-15.", "كلمة المرور الآن هي zaytun-48."),
    ("截止日期是5月6日。", "截止日期推迟到5月13日。"),
    ("联系人是李娜。", "联系人不再是李娜，换成王强了。"),
    ("担当者は田中さんです。", "担当者は田中さんではなく鈴木さんです。"),
    ("비밀번호는 namu-12입니다.", "비밀번호를 bada-77로 바꿨어요."),
    ("예산은 50만 원입니다.", "예산을 70만 원으로 올려 주세요."),
    ("마감은 3월 20일 금요일입니다.", "마감이 3월 25일로 변경됐어요."),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), _REPLACED, ids=[new for _, new in _REPLACED])
def test_a_change_is_told_in_many_ways(old: str, new: str) -> None:
    kept = kept_of(old, new)

    assert old not in kept
    assert new in kept


_IN_PART = [
    (
        "The staging DB is on port 6543, host db-2.example.org.",
        "Wrong door, sorry: the staging DB is on port 7432.",
        "The staging DB is on port [changed later], host db-2.example.org.",
    ),
    (
        "I teach year 9 physics, 27 pupils, lessons are 50 minutes.",
        "Lessons are 45 minutes from next week on, new timetable.",
        "I teach year 9 physics, 27 pupils, lessons are [changed later] minutes.",
    ),
    (
        "The invoice goes to Hartwell GmbH, attention Ms. Brodeur.",
        "I misspoke, the invoice goes to Hartwell AG.",
        "The invoice goes to Hartwell [changed later], attention Ms. Brodeur.",
    ),
    (
        "我们四个人，6月3日飞成都，航班是CA4516。",
        "更正一下，航班改成了CA4520。",
        "我们四个人，6月3日飞成都，航班是 [changed later]",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "left"), _IN_PART, ids=[new for _, new, _ in _IN_PART])
def test_of_what_says_more_only_the_changed_value_is_cut_out(old: str, new: str, left: str) -> None:
    kept = kept_of(old, new)

    assert {left, new} <= kept
    assert old not in kept
