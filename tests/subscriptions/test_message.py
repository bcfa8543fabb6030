import re
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest

from posts.models import AnnouncedPart, Post, Series
from subscriptions import digest
from subscriptions.editions import TOKEN_MARK
from subscriptions.message import Letter, Pattern
from subscriptions.models import Delivery, Edition, Issue, Subscriber
from subscriptions.tokens import WIDTH
from tests.factories import make_author, make_post, make_tag
from tests.subscriptions.factories import DAY, NOON, SECOND, make_due_post, open_issue
from tests.subscriptions.relay import parse

pytestmark = pytest.mark.django_db


def letter_of(issue: Issue) -> Letter:
    delivery = issue.deliveries.select_related("edition__issue", "subscriber").get()
    return Pattern(delivery.edition).letter(delivery.subscriber_id, delivery.subscriber.email)


def message_of(issue: Issue) -> EmailMessage:
    return parse(letter_of(issue).content)


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content())


def test_headers_are_those_of_an_automatic_list_message(settings: Any):
    settings.DEFAULT_FROM_EMAIL = "The Editors <editors@site.example.org>"
    message = message_of(open_issue(title="A pilot"))
    reader = Subscriber.objects.get()
    assert message["From"] == message["Reply-To"] == "The Editors <editors@site.example.org>"
    assert message.get_all("To") == [reader.email]
    assert message["Subject"] == "A pilot"
    assert message["Date"].datetime == NOON + SECOND
    assert re.fullmatch(r"<[0-9a-f]{32}@site\.example\.org>", message["Message-ID"])
    assert message["List-ID"] == "<digest.site.example.org>"
    assert message["List-Archive"] == "<http://testserver.test/>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert re.fullmatch(r"\d+:daily:digest:site\.example\.org", message["Feedback-ID"])
    assert not message.defects


def test_unsubscribe_headers_stand_on_one_line_each():
    head = letter_of(open_issue()).content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    link = [line for line in head if line.startswith(b"List-Unsubscribe:")]
    assert re.fullmatch(rb"List-Unsubscribe: <http://testserver\.test/u/[\w-]{46}/>", link[0])
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head


def test_both_unsubscribe_headers_stay_on_one_line_however_long_the_address(settings: Any):
    settings.SITE_URL = "https://" + "long-" * 40 + "name.example.org"
    head = letter_of(open_issue()).content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    link = next(line for line in head if line.startswith(b"List-Unsubscribe:"))
    assert re.fullmatch(rb"List-Unsubscribe: <https://[\w.-]{216}/u/[\w-]{46}/>", link)
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head
    assert max(map(len, head)) <= 998


def test_text_comes_first_and_is_complete(settings: Any):
    settings.POSTAL_ADDRESS = "1 Harbour Street, Poole"
    message = message_of(open_issue(title="Café & “cost”", excerpt="Under a < b & c."))
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text = body(message, "plain")
    for expected in ("CAFÉ & “COST”", "Under a < b & c.", "/u/", "/subscription/", "Poole",
                     "http://testserver.test/digest/2026/03/04/", "every day at noon"):  # fmt: skip
        assert expected in text
    assert max(map(len, text.splitlines())) <= 78


def test_a_part_of_a_series_says_which_and_what_stands_beside_it():
    series = Series.objects.create(title="The long view", slug="long-view", planned_parts=3)
    make_post(title="The first", series=series, series_position=1)
    AnnouncedPart.objects.create(series=series, position=3, title="The third")
    message = message_of(open_issue(title="The second", series=series, series_position=2))
    for subtype in ("plain", "html"):
        words = " ".join(re.sub(r"<[^>]*>", "", body(message, subtype)).split())
        assert "Part 2 of 3 of The long view." in words
        assert "Before this: The first. Next: The third." in words


def test_wire_format_is_crlf_seven_bit_and_narrow():
    content = letter_of(open_issue(title="Über uns", excerpt="naïve – “quoted” " * 30)).content
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 200


def test_html_survives_the_transfer_encoding():
    issue = open_issue(title="Über uns", excerpt=". a dot first\n=3D equals, trailing space \n")
    letter, message = letter_of(issue), message_of(issue)
    expected = letter.personal(Edition.objects.get().html)
    assert body(message, "html").split() == expected.split()


def test_no_mark_is_left_and_every_link_is_absolute():
    letter = letter_of(open_issue(tags=(make_tag(),)))
    assert len(TOKEN_MARK) == WIDTH
    assert TOKEN_MARK.encode() not in letter.content
    assert b"mark.invalid" not in letter.content
    assert b"message-id-of" not in letter.content
    message = parse(letter.content)
    links = re.findall(r'(?:href|src)="([^"]*)"', body(message, "html"))
    assert len(links) >= 4
    assert all(link.startswith("http://testserver.test/") for link in links)


def test_nothing_in_the_mail_tracks_the_reader():
    html = body(message_of(open_issue()), "html")
    assert "<img" not in html
    assert "<script" not in html
    assert "?" not in "".join(re.findall('href="[^"]*"', html))


def test_same_person_gets_the_same_bytes_at_every_attempt():
    issue = open_issue()
    assert letter_of(issue).content == letter_of(issue).content


@pytest.mark.parametrize(
    ("count", "subject"), [(1, "Post 0"), (2, "Post 0, and 1 more"), (4, "Post 0, and 3 more")]
)
def test_subject_is_the_newest_title_and_how_many_more(count: int, subject: str):
    for number in range(count):
        make_due_post(title=f"Post {number}", before=(number + 1) * SECOND)
    assert issue_now().subject == subject


def test_title_cannot_inject_a_header():
    message = message_of(open_issue(title="One\r\nBcc: victim@example.org"))
    assert message["Bcc"] is None
    assert message["Subject"] == "One Bcc: victim@example.org"


def test_long_subject_in_another_script_is_encoded_and_read_back():
    title = "Αποτελέσματα " * 12
    assert message_of(open_issue(title=title))["Subject"] == title.strip()


def test_digest_after_a_gap_stays_under_the_size_that_is_clipped():
    author, tag = make_author(), make_tag()
    for number in range(60):
        make_due_post(title=f"Post {number} " + "x" * 140, excerpt="word " * 139, author=author,
                      tags=(tag,), topic=tag, before=(number + 1) * SECOND)  # fmt: skip
    issue = issue_now()
    assert len(issue.html.encode()) < 90_000
    assert issue.html.count("href") >= 60
    assert "Also new" in issue.html


def test_html_is_well_nested():
    class Nesting(HTMLParser):
        stack: list[str] = []

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag not in {"meta", "br", "img"}:
                self.stack.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.stack.pop() == tag

    parser = Nesting()
    parser.feed(issue_now(open_issue()).html)
    assert not parser.stack


def test_envelope_is_the_sender_itself_without_a_bounce_address(settings: Any):
    settings.DEFAULT_FROM_EMAIL = "The Editors <editors@example.org>"
    assert letter_of(open_issue()).sender == "editors@example.org"


def test_envelope_names_the_delivery_where_bounces_are_read(settings: Any):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    sender = letter_of(open_issue()).sender
    assert re.fullmatch(r"bounces\+[a-z2-7]+@example\.org", sender)
    assert len(sender.partition("@")[0]) <= 64


def test_repeated_delivery_has_another_message_id():
    issue = open_issue()
    first = message_of(issue)["Message-ID"]
    issue.deliveries.update(state=Delivery.State.UNKNOWN, next_at=None, at=NOON)
    repaired = digest.open_issue(NOON + DAY + SECOND)
    assert repaired is not None
    assert message_of(repaired)["Message-ID"] != first


def issue_now(issue: Issue | None = None) -> Issue:
    issue = issue or digest.open_issue(NOON + SECOND)
    assert issue is not None
    return issue


@pytest.mark.slow
def test_forty_posts_stay_under_the_size_and_both_bodies_name_them_all():
    author, tag = make_author(), make_tag()
    for number in range(40):
        make_due_post(title=f"Results of pilot {number:02}", excerpt="naïve – word " * 40,
                      author=author, tags=(tag,), before=(number + 1) * SECOND)  # fmt: skip
    issue_now(open_issue(people=1, title="The last"))
    message = message_of(Issue.objects.get())
    html, text = body(message, "html"), body(message, "plain")
    assert len(html.encode()) < 90_000
    posts = {f"http://testserver.test{post.get_absolute_url()}" for post in Post.objects.all()}
    assert len(posts) == 41
    for content in (html, text):
        assert posts <= set(re.findall(r"http://testserver\.test/[\w/-]+", content))
    titles = {f"results of pilot {number:02}" for number in range(40)}
    for content in (html.lower(), " ".join(text.lower().split())):
        assert all(title in content for title in titles)
    assert max(map(len, letter_of(Issue.objects.get()).content.split(b"\r\n"))) <= 998


def test_both_bodies_hold_the_same_links():
    message = message_of(open_issue(title="A pilot", tags=(make_tag(),)))
    in_html = set(re.findall(r'href="([^"]+)"', body(message, "html")))
    in_text = set(re.findall(r"https?://\S+", body(message, "plain")))
    assert {link.rstrip(".,)") for link in in_text} <= in_html | {"http://testserver.test"}
    for wanted in ("/u/", "/subscription/", "/digest/2026/03/04/"):
        assert any(wanted in link for link in in_text)
        assert any(wanted in link for link in in_html)
