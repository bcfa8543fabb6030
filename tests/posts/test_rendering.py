"""From the saved body to the page's HTML."""

import pytest

from posts.rendering import absolute_links, render


def test_headings_get_anchors_that_never_repeat():
    page = render("<h2>Costs</h2><h2>Costs</h2><h3>Costs 2</h3><h2>“…”</h2>")
    assert 'id="costs"' in page.html
    assert 'id="costs-2"' in page.html
    assert 'id="section"' in page.html
    assert page.html.count("id=") == 4


@pytest.mark.parametrize("heading", ["Comments", "Related", "Share", "Main", "Results"])
def test_a_heading_does_not_take_an_id_the_page_itself_has(heading):
    assert f'id="{heading.lower()}-2"' in render(f"<h2>{heading}</h2>").html


def test_contents_are_listed_from_four_headings_on():
    three, four = "<h2>A</h2><h2>B</h2><h2>C</h2>", "<h2>A</h2><h2>B</h2><h2>C</h2><h2>D</h2>"
    assert render(three).contents == []
    assert [entry["title"] for entry in render(four).contents] == ["A", "B", "C", "D"]


def test_images_load_lazily_and_always_have_an_alt():
    page = render('<figure><img src="/media/images/a.png"></figure>')
    assert 'loading="lazy"' in page.html
    assert 'alt=""' in page.html


def test_plain_text_keeps_words_apart():
    assert render("<p>One</p><p>two<br>three</p>").text == "One two three"


def test_plain_text_ends_a_heading_like_a_sentence():
    assert render("<h2>What next</h2><p>In June.</p>").text == "What next. In June."
    assert render("<h2>What next?</h2><p>In June.</p>").text == "What next? In June."


def test_plain_text_puts_no_space_inside_a_sentence():
    assert render("<p>The <a href='/a/'>third</a>, <em>la</em>st.</p>").text == "The third, last."


@pytest.mark.parametrize("body", ["", "   ", "Just text & more", "<p>a</p>tail &amp; end"])
def test_any_body_is_rendered_and_stays_escaped(body):
    assert "& m" not in render(body).html
    assert "<script" not in render("&lt;script&gt;").html


def test_links_become_absolute_for_feeds_and_mail():
    html = absolute_links('<p><a href="/other/">x</a> <a href="https://a.test/">y</a></p>')
    assert 'href="http://testserver.test/other/"' in html
    assert 'href="https://a.test/"' in html


def test_a_credit_stays_in_its_caption():
    caption = "<figcaption>b <small>Photo: c</small></figcaption>"
    page = render(f'<figure><img src="/media/a.png" alt="x">{caption}</figure>')
    assert caption in page.html
    assert page.text == "b Photo: c"


def test_a_decorative_image_has_no_words():
    page = render('<img src="/media/a.png" alt="left over" role="presentation">')
    assert 'alt="" role="presentation"' in page.html


def test_a_table_says_what_its_heading_cells_head_and_can_be_scrolled_to():
    rows = (
        "<tr><th><p>Year</p></th><th><p>Rate</p></th></tr><tr><th><p>2014</p></th><td>8</td></tr>"
    )
    page = render(f"<table><tbody>{rows}</tbody></table><h2>B</h2>").html
    assert '<th scope="col">Year</th><th scope="col">Rate</th>' in page
    assert '<th scope="row">2014</th>' in page
    assert page.startswith(
        '<div class="scroller" role="region" tabindex="0" aria-label="Table: Year, Rate">'
    )
    assert page.endswith('</table></div><h2 id="b">B</h2>')


def test_blank_lines_at_the_end_are_left_out():
    assert render("<h2>a</h2><p></p><p> </p>").html == '<h2 id="a">a</h2>'
