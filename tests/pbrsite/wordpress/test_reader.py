"""Reading an export: what is mended and said, what is refused in plain words."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pbrsite.wordpress import reader, source
from pbrsite.wordpress.items import Author, Channel, Item, Term, UnreadableError, moment
from tests.pbrsite.wordpress.exports import (
    FOOT,
    author,
    category,
    comment,
    export,
    item,
    written,
)


def read(path):
    return list(reader.read(path))


def items(path):
    return [piece for piece in reader.read(path) if isinstance(piece, Item)]


def saved(tmp_path, content):
    path = tmp_path / "export.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_the_channel_comes_first_and_items_in_their_order(tmp_path):
    path = written(tmp_path, author("jo", "Jo Reed"), category("prison", "Prisons"), item(), item())
    pieces = read(path)
    assert pieces[0] == Channel("Old blog", ("https://old.example.org",))
    assert pieces[1] == Author("jo", "Jo Reed")
    assert pieces[2] == Term("category", "prison", "Prisons")
    assert [type(piece) for piece in pieces[3:]] == [Item, Item]


def test_an_item_is_read_whole(tmp_path):
    path = written(
        tmp_path,
        item(
            "<p>Body ]]> end</p>", post_id=7, title="Prisons & probation", post_password="x",
            terms=[("post_tag", "moj", "MoJ")], comments=[comment(3, parent=2)],
            meta={"_thumbnail_id": "9"},
        ),
    )  # fmt: skip
    (post,) = items(path)
    assert (post.number, post.title, post.content) == (
        7, "Prisons & probation", "<p>Body ]]> end</p>",
    )  # fmt: skip
    assert post.has_password
    assert post.thumbnail == 9
    assert post.terms == (Term("post_tag", "moj", "MoJ"),)
    assert (post.comments[0].number, post.comments[0].parent) == (3, 2)


def test_the_network_of_a_commenter_is_not_even_read(tmp_path):
    (post,) = items(written(tmp_path, item(comments=[comment(3, author_IP="192.0.2.99")])))
    assert "192.0.2" not in repr(post)
    assert "sam@example.org" not in repr(post)


def test_lost_namespaces_change_nothing(tmp_path):
    bare = "<rss><channel>" + item(post_id=5, title=" Padded ") + FOOT
    (post,) = items(saved(tmp_path, bare))
    assert (post.number, post.title, post.kind) == (5, "Padded", "post")
    assert "first cohort" in post.content


@pytest.mark.parametrize(
    ("content", "title", "said"),
    [
        ("\n\n" + export(item(title="A")), "A", source.PADDING),
        (export(item(title="A\x0bB")), "AB", source.CONTROL),
        (export("<item><title>Jo & Sons &nbsp;</title><wp:post_id>1</wp:post_id></item>"),
         "Jo & Sons", source.AMPERSAND),
        (export(item(title="Café")).encode("cp1252"), "Café", source.ENCODING),
        (export("<item><title>A <b>bold</b> step</title></item>"), "A <b>bold</b> step",
         reader.MARKUP),
    ],
    ids=["blank lines first", "control characters", "bare ampersand", "other encoding", "markup"],
)  # fmt: skip
def test_what_is_not_xml_is_mended_and_said(tmp_path, content, title, said):
    mended: Counter[str] = Counter()
    path = saved(tmp_path, content)
    found = [piece for piece in reader.read(path, mended=mended) if isinstance(piece, Item)]
    assert found[0].title == title
    assert mended[said]


def test_an_export_in_utf_16_is_read(tmp_path):
    text = export(item(title="Café"))
    assert items(saved(tmp_path, text.replace("UTF-8", "UTF-16").encode("utf-16")))[0].title == (
        "Café"
    )


@pytest.mark.parametrize("size", [1, 7, 64])
def test_what_stands_across_two_pieces_of_the_file_is_read_the_same(tmp_path, monkeypatch, size):
    text = export(item("<p>é ]]> & &amp; end</p>", title="One & two"))
    path = saved(tmp_path, text)
    whole = items(path)
    monkeypatch.setattr(source, "PIECE", size)
    assert items(path) == whole


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        (export(item())[:-40], "cut off"),
        ('<?xml version="1.0"?><feed></feed>', "does not begin as RSS"),
        (b"PK\x03\x04 and so on", "packed"),
        ('<!DOCTYPE rss [<!ENTITY a "b">]><rss></rss>', "entities"),
        ('<!--<rss--><!DOCTYPE rss [<!ENTITY a "b">]><rss></rss>', "entities"),
        ('<rss version="2.0"><channel><title>News</title></channel></rss>', "an RSS feed"),
        ('<?xml version="1.0" encoding="klingon"?><rss></rss>', "no known encoding"),
    ],
    ids=[
        "empty",
        "blank",
        "a web page",
        "cut off",
        "Atom",
        "zip",
        "entities",
        "entities behind a comment",
        "a feed",
        "encoding",
    ],
)
def test_what_is_no_export_is_refused_in_one_sentence(tmp_path, content, said):
    with pytest.raises(UnreadableError, match=said):
        reader.survey(saved(tmp_path, content))


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(UnreadableError, match="cannot be opened"):
        reader.survey(tmp_path / "nowhere.xml")


def test_an_entity_is_never_expanded(tmp_path):
    secret = saved(tmp_path, "secret")
    bare = export("<item><title>&x; here</title></item>").partition("?>\n")[2]
    path = tmp_path / "hostile.xml"
    path.write_text(f'<!DOCTYPE rss SYSTEM "file://{secret}">{bare}')
    assert [post.title for post in items(path)] == ["&x; here"]


@pytest.mark.parametrize(
    ("gmt", "local", "found"),
    [
        ("2014-05-06 09:30:00", "2014-05-06 10:30:00", (9, 30)),
        ("0000-00-00 00:00:00", "2014-05-06 10:30:00", (9, 30)),
        ("", "2014-01-06 10:30:00", (10, 30)),
    ],
    ids=["GMT is trusted", "a draft's GMT is none", "winter"],
)
def test_a_date_is_gmt_or_the_sites_own_time(gmt, local, found):
    at = moment(gmt, local, ZoneInfo("Europe/London"))
    assert at
    assert (at.hour, at.minute, at.tzinfo) == (*found, UTC)


def test_the_feeds_date_is_the_last_resort_and_nonsense_is_none():
    zone = ZoneInfo("Europe/London")
    assert moment("", "", zone, rfc="Tue, 06 May 2014 09:30:00 +0000") == datetime(
        2014, 5, 6, 9, 30, tzinfo=UTC
    )
    assert moment("never", "0000-00-00 00:00:00", zone, rfc="soon") is None
