"""One form for each word, however it is spelled: for texts and queries alike."""

import pytest
from django.db import connection

from posts.orthography import common_spelling
from posts.stemming import stem
from posts.tokens import stem_of, tokens

PAIRS = """
organisation organization, organise organize, organising organizing, programme program,
programmes programs, labour labor, labourers laborers, centre center, centred centered,
behaviour behavior, behavioural behavioral, analyse analyze, analysed analyzed, defence defense,
offences offenses, licence license, practise practice, judgement judgment, ageing aging,
enrolment enrollment, fulfil fulfill, instalment installment, skilful skillful,
travelling traveling, counsellor counselor, modelling modeling, catalogue catalog,
catalogued cataloged, cataloguing cataloging,
dialogues dialogs, paediatric pediatric, anaesthetic anesthetic, haemorrhage hemorrhage,
foetus fetus, diarrhoea diarrhea, archaeology archeology, manoeuvre maneuver, theatre theater,
kilometres kilometers, neighbourhood neighborhood, honourable honorable, grey gray,
sceptical skeptical, enquiry inquiry, privatisation privatization, criminalised criminalized,
misdemeanour misdemeanor, acknowledgement acknowledgment, jewellery jewelry, part part,
two 2, café cafe, naïve naive
"""
APART = """
four for, hour horror, our or, tour tor, flour floor, contour contort, rogue rog, vogue vog,
prize prise, size sise, seize seise, fence fense, organ organise, advice advise, poem pem,
devour devor, source sorce, course corse, court cort, does des, shoe she, aero ero, phoenix phenix,
maize maise, councillor counsellor, meter metaphor, acre acer
"""


def pairs(text: str) -> list[list[str]]:
    return [pair.split() for pair in text.split(",")]


@pytest.mark.parametrize(("british", "american"), pairs(PAIRS))
def test_spellings_of_one_word_meet(british, american):
    ours = [token.stem for token in tokens(f"{british} {american}")]
    assert ours[0] == ours[1]


@pytest.mark.parametrize(("one", "other"), pairs(APART))
def test_false_friends_stay_apart(one, other):
    assert stem_of(one) != stem_of(other)


@pytest.mark.django_db
def test_the_stemmer_is_the_one_of_postgresql():
    words = """
        added adding agreed argument begging bias caring communal communities conditional cries
        dying early exceeding falling fluently generously happily hopping hoping inning knightly
        national news organizations possibly probation proceed rationality rehabilitation
        reoffending saying sensational sky succeeded tying ugly vietnamization yes
    """.split()  # noqa: SIM905
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (ts_lexize('english_stem', w))[1] FROM unnest(%s::text[]) w", [words]
        )
        theirs = [row[0] for row in cursor.fetchall()]
    assert [stem(word) for word in words] == theirs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The MoJ’s plans", ["the", "moj", "plans"]),
        ("don't", ["dont"]),
        ("18f.gsa.gov", ["18f", "gsa", "gov"]),
        ("/Developer", ["developer"]),
        ("Straße, Łódź, Ærø", ["strasse", "lodz", "aero"]),
        ("\ufb01nance", ["finance"]),
        ("監獄 🙂", ["監獄"]),
    ],
    ids=["possessive", "contraction", "host", "path", "letters of others", "ligature", "emoji"],
)
def test_words_are_read_as_people_type_them(text, words):
    assert [token.word for token in tokens(text)] == words


def test_a_hyphenated_word_is_its_parts_and_one_word_in_both_their_places():
    read = [(token.word, token.place) for token in tokens("re-offending rates")]
    assert read == [
        ("re", 1), ("offending", 2), ("reoffending", 1), ("reoffending", 2), ("rates", 3)
    ]  # fmt: skip


def test_spelling_a_word_twice_changes_nothing_more():
    for british, american in pairs(PAIRS):
        once = common_spelling(american)
        assert common_spelling(once) == once, british
