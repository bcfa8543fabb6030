"""A body that will not do is refused with words that say where and how to mend it."""

import pytest

from posts.faults import faults
from posts.rendering import render

OURS = '<img src="/media/images/2026/11/chart.png" alt="A chart">'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<img src="https://tracker.example/p.gif" alt="x">', "not in the media library"),
        ('<img src="data:image/png;base64,AAAA" alt="x">', "not in the media library"),
        ('<img src="//evil.example/a.png" alt="x">', "not in the media library"),
        ('<img src="/media/images/a.png" alt="">', "“a.png” has no alternative text"),
        ('<a href="www.nao.org.uk">NAO</a>', "Write https://"),
        ('<a href="//evil.example">x</a>', "leads nowhere"),
    ],
)
def test_a_fault_is_named_with_the_way_to_mend_it(body, words):
    assert words in faults(f"<p>{body}</p>")[0]


@pytest.mark.parametrize(
    "body",
    ["", OURS, '<img src="/media/a.png" alt="" role="presentation">',
     '<a href="/a-post/">a</a>', '<a href="#notes">b</a>', '<a href="https://a.test">c</a>',
     '<a href="mailto:a@example.org">d</a>'],
)  # fmt: skip
def test_a_right_body_has_no_fault(body):
    assert faults(body) == []


def test_a_foreign_image_never_reaches_a_reader_whatever_door_it_came_by():
    page = render(f'<p>Before</p><figure><img src="https://tracker.example/p.gif"></figure>{OURS}')
    assert "tracker" not in page.html
    assert "chart.png" in page.html
