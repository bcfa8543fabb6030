"""How others cite a post: names taken apart rightly, every sign escaped, every format whole."""

import re
from datetime import UTC, date, datetime

import pytest

from posts.bibliography import Name, Reference, name_of, reference
from posts.models import Author, CoAuthor
from tests.factories import make_author, make_post, make_tag


def cited(*names: Name, title="Paying & results", **values) -> Reference:
    return Reference(
        **{"number": 12, "title": title, "names": names or (Name("Example", "Ruth Ann"),),
           "published_on": date(2015, 3, 4), "accessed_on": date(2026, 11, 22),
           "url": "https://blog.test/p/12", "page_url": "https://blog.test/a-post/"} | values
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Ruth Ann Example", "Example", "Ruth Ann"),
        ("Ludwig van der Berg", "van der Berg", "Ludwig"),
        ("Dr. Jane Doe", "Doe", "Jane"),
        ("Prof Sir John Doe", "Doe", "Sir John"),
        ("John Doe Jr.", "Doe Jr.", "John"),
        ("Jane Doe, OBE", "Doe", "Jane"),
        ("Anne-Marie O’Neil", "O’Neil", "Anne-Marie"),
        ("Banksy", "Banksy", ""),
        ("  Zoë \x0b Müller ", "Müller", "Zoë"),
    ],
)
def test_a_persons_name_is_taken_apart(name, family, given):
    assert name_of(Author(name=name)) == Name(family, given)


def test_an_organisations_name_is_left_whole():
    name = "Department for Business, Energy and Strategy"
    assert name_of(Author(name=name, is_organisation=True)) == Name(name)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((Name("Doe", "Jane Ann"),), "Doe, J.A. (2015)"),
        ((Name("Doe", "J"), Name("Roe", "R")), "Doe, J. and Roe, R. (2015)"),
        ((Name("A", "B"), Name("C", "D"), Name("E", "F")), "A, B., C, D. and E, F. (2015)"),
        (tuple(Name(x, x) for x in "ABCD"), "A, A. <em>et al.</em> (2015)"),
        ((Name("Ministry of Justice"),), "Ministry of Justice (2015)"),
    ],
)
def test_harvard_names_the_authors(names, said):
    assert cited(*names).harvard().startswith(said)


def test_harvard_says_where_and_when_and_escapes_what_it_quotes(settings):
    settings.SITE_NAME = "A & B"
    assert cited(title="1 < 2").harvard() == (
        "Example, R.A. (2015) ‘1 &lt; 2’, <em>A &amp; B</em>, 4 March. "
        "Available at: https://blog.test/p/12 (Accessed: 22 November 2026)."
    )


def test_bibtex_is_one_whole_entry():
    lines = cited(Name("van der Berg", "Ludwig"), Name("Ministry of Justice and Courts")).bibtex()
    assert lines.splitlines()[:3] == [
        "@misc{vanderberg2015p12,",
        "  author       = {van der Berg, Ludwig and {Ministry of Justice and Courts}},",
        r"  title        = {{Paying \& results}},",
    ]
    assert "  month        = mar,\n}\n" in lines
    assert "  urldate      = {2026-11-22},\n" in lines


@pytest.mark.parametrize("sign", [*"\\{}$&#^_~%", "}}", "{" * 9, "\\}", "%\n@misc{x,"])
def test_no_sign_of_a_title_breaks_bibtex(sign):
    entry = reference_with(sign).bibtex()
    assert entry.count("{") == entry.count("}")
    assert not re.search(r"(?<!\\)[$&#_%]", entry)
    assert "\n@" not in entry
    depth = [entry[:at].count("{") - entry[:at].count("}") for at in range(len(entry))]
    assert min(depth[1:-2]) >= 0


def reference_with(sign: str) -> Reference:
    return cited(title=f"a{sign}b".replace("\n", " "))


@pytest.mark.parametrize(
    ("family", "key"), [("O’Neil", "oneil"), ("Müller", "muller"), ("李", "post")]
)
def test_the_key_is_made_of_plain_letters(family, key):
    assert cited(Name(family, "A")).key == f"{key}2015p12"


def test_ris_is_one_whole_record():
    record = cited(
        Name("Doe", "Jane"), Name("Department for A, B and C"), topics=("Prisons",)
    ).ris()
    assert record.endswith("ER  - \r\n")
    assert record.startswith("TY  - BLOG\r\nAU  - Doe, Jane\r\nAU  - Department for A B and C\r\n")
    for line in ("TI  - Paying & results", "DA  - 2015/03/04/", "Y2  - 2026/11/22/",
                 "KW  - Prisons", "UR  - https://blog.test/p/12"):  # fmt: skip
        assert f"\r\n{line}\r\n" in record


@pytest.mark.parametrize("title", ["a\nER  - \nTY  - JOUR", "a\r\nAU  - Else", "a\x0b\u2028b"])
def test_no_title_begins_a_line_of_ris(title):
    lines = cited(title=title).ris().split("\r\n")
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines[:-1])
    assert sum(line.startswith(("ER", "AU", "TY")) for line in lines) == 3


@pytest.mark.django_db
def test_a_post_is_cited_with_every_author_and_by_the_sites_own_day():
    late = datetime(2015, 6, 30, 23, 30, tzinfo=UTC)  # 1 July in London
    post = make_post(published_at=late, author=make_author(name="Ruth Example"), tags=(make_tag(),))
    office = make_author(name="Audit Office", is_organisation=True)
    CoAuthor.objects.create(post=post, author=office)
    made = reference(post, late)
    assert made.published_on == date(2015, 7, 1)
    assert made.names == (Name("Example", "Ruth"), Name("Audit Office"))
    assert made.url == f"http://testserver.test/p/{post.pk}"
