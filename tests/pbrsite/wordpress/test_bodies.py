"""From a WordPress body to one as our editor would have saved it."""

from time import process_time

import pytest

from pbrsite.wordpress import bodies, fields, illustrations, linking, shortcodes, structure
from pbrsite.wordpress.bodies import Place, convert
from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.remarks import as_markdown
from posts import rules
from posts.pictures import Picture

BLOG = Blog.at(("https://old.example.org/blog", "http://www.old.example.org"))
CHART = Picture(7, "images/chart.png", "/media/images/chart.png", 800, 400)
PLACE = Place(BLOG, {"2014/05/chart.png": CHART}, {})
UPLOADS = "https://old.example.org/wp-content/uploads"


def body(content, place=PLACE):
    return convert(content, place).html.replace("\n", "")


def notes(content):
    return [reason for reason, _ in convert(content, PLACE).notes]


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("One.\n\nTwo\nlines.", "<p>One.</p><p>Two<br>lines.</p>"),
        ("One.\r\n\r\nTwo.", "<p>One.</p><p>Two.</p>"),
        ("One.\n<ul>\n<li>a</li>\n</ul>\nTwo.", "<p>One.</p><ul><li>a</li></ul><p>Two.</p>"),
        ("<p>One\nline.</p>\n\nTwo.", "<p>Oneline.</p><p>Two.</p>"),
        ("<p>One<p>Two\n\nThree", "<p>One</p><p>Two</p><p>Three</p>"),
        ("<blockquote>One\n\nTwo</blockquote>", "<blockquote><p>One</p><p>Two</p></blockquote>"),
        ("<div>One</div><div>Two</div>", "<p>One</p><p>Two</p>"),
        ("<pre>a\n\n  b</pre>", "<pre>a  b</pre>"),
        ("<strong>Bold</strong> start", "<p><strong>Bold</strong> start</p>"),
        ("Before<!--more-->after", "<p>Before</p><p>after</p>"),
        ("<p>&nbsp;</p>\n\nText", "<p>Text</p>"),
        ("", ""),
    ],
    ids=["paragraphs", "Windows lines", "around a list", "written paragraphs stay", "unclosed",
         "in a quotation", "boxes", "preformatted", "inline", "read more", "empty", "nothing"],
)  # fmt: skip
def test_classic_text_gets_its_paragraphs(content, html):
    assert body(content) == html


def test_a_wrapped_line_in_a_written_paragraph_stays_a_space():
    assert convert("<p>One\nline.</p>", PLACE).html == "<p>One\nline.</p>"


@pytest.mark.parametrize(
    ("content", "levels"),
    [
        ("<h1>A</h1><h2>B</h2><h3>C</h3>", ["h2", "h3", "h4"]),
        ("<h3>A</h3><h5>B</h5><h3>C</h3>", ["h2", "h3", "h2"]),
        ("<h4>A</h4>", ["h2"]),
        ("<h1>A</h1><h2>B</h2><h3>C</h3><h4>D</h4>", ["h2", "h3", "h4", "h4"]),
    ],
    ids=["from the first", "skipping", "low", "too many"],
)
def test_headings_take_our_three_levels_in_their_order(content, levels):
    html = body(content)
    assert [html[place + 1 : place + 3] for place, sign in enumerate(html)
            if html[place : place + 2] == "<h"] == levels  # fmt: skip


def test_blocks_lose_their_comments_and_no_word():
    content = (
        "<!-- wp:paragraph {\"a\":{\"b\":1}} -->\n<p>One</p>\n<!-- /wp:paragraph -->\n"
        "<!-- wp:columns --><div><div><p>Two</p></div></div><!-- /wp:columns -->"
        "<!-- wp:latest-posts /-->"
    )  # fmt: skip
    assert body(content) == "<p>One</p><p>Two</p>"
    assert (bodies.BLOCK, "latest-posts") in convert(content, PLACE).notes


@pytest.mark.parametrize(
    ("content", "html", "note"),
    [
        (f'[caption id="a" width="3"]<img src="{UPLOADS}/2014/05/chart-300x150.png" alt="Rates" />'
         " Fewer returns[/caption]",
         '<figure><img src="/media/images/chart.png" alt="Rates" data-file="7" width="800" '
         'height="400"><figcaption>Fewer returns</figcaption></figure>', shortcodes.CAPTION),
        ("[vc_row el='1']Kept[/vc_row]", "<p>Kept</p>", shortcodes.UNKNOWN),
        ("[gallery columns='2']", "", shortcodes.GALLERY),
        ("[embed]https://video.test/1[/embed]",
         '<p><a href="https://video.test/1">https://video.test/1</a></p>', linking.EMBED),
        ("https://video.test/1\n\nText",
         '<p><a href="https://video.test/1">https://video.test/1</a></p><p>Text</p>',
         linking.EMBED),
        ('<iframe src="https://video.test/e/1"></iframe>',
         '<p><a href="https://video.test/e/1">https://video.test/e/1</a></p>', linking.EMBED),
        ("<script>alert(1)</script>Text", "<p>Text</p>", structure.LEFT_OUT + "scripts"),
        ('<p><img src="https://elsewhere.test/x.png" alt="A cat"></p>Text', "<p>Text</p>",
         illustrations.MISSING),
        ('<a href="https://shop.test/"><img src="x.png" alt="Our book"></a>',
         '<p><a href="https://shop.test/">Our book</a></p>', illustrations.LINKED),
        ('<a href="//">Word</a>', "<p>Word</p>", linking.BROKEN),
    ],
    ids=["caption", "unknown shortcode", "gallery", "embed", "address alone", "frame", "script",
         "image elsewhere", "linked image", "broken link"],
)  # fmt: skip
def test_what_changes_is_said(content, html, note):
    assert body(content) == html
    assert note in notes(content)


@pytest.mark.parametrize(
    "content", ["[sic] stays", "<p>[2019] EWCA 4</p>", "<pre>[gallery ids='1']</pre>"]
)
def test_brackets_in_prose_and_code_stay(content):
    assert "[" in body(content)


@pytest.mark.parametrize(
    ("target", "ours"),
    [
        ("https://old.example.org/blog/2014/05/peterborough/", "/peterborough/"),
        ("http://www.old.example.org/blog/peterborough/#results", "/peterborough/#results"),
        ("https://old.example.org/blog/?p=12", "/?p=12"),
        ("https://old.example.org/blog/category/a/prisons/", "/tag/prisons/"),
        ("https://old.example.org/blog/author/jo/", "/author/jo/"),
        ("https://old.example.org/blog/", "/"),
        ("https://elsewhere.test/2014/05/x/", "https://elsewhere.test/2014/05/x/"),
        (f"{UPLOADS}/report.pdf", f"{UPLOADS}/report.pdf"),
        ("/already-ours/", "/already-ours/"),
    ],
)
def test_links_of_the_blog_lead_to_this_site(target, ours):
    assert body(f'<a href="{target}">x</a>') == f'<p><a href="{ours}">x</a></p>'


def test_an_image_of_the_library_stands_alone_as_a_figure():
    source = f"{UPLOADS}/2014/05/chart.png"
    content = f'<p><a href="{source}"><img src="{source}" alt="R"></a></p>'
    assert body(content).startswith('<figure><img src="/media/images/chart.png" alt="R"')
    assert "<a" not in body(content)


def test_a_gallery_of_blocks_becomes_single_figures():
    picture = f'<img src="{UPLOADS}/2014/05/chart.png" alt="R">'
    image = f"<li><figure>{picture}<figcaption>C</figcaption></figure></li>"
    html = body(f"<!-- wp:gallery --><figure><ul>{image}{image}</ul></figure><!-- /wp:gallery -->")
    assert html.count("<figure>") == html.count("<figcaption>C</figcaption>") == 2
    assert "<ul>" not in html


def test_a_quotation_names_its_source():
    assert body("<blockquote><p>So.</p><cite>Jo</cite></blockquote>") == (
        "<blockquote><p>So.</p><p>— Jo</p></blockquote>"
    )


@pytest.mark.parametrize(
    "content",
    ["<" * 3_000, "<div>" * 2_000 + "x", "[caption]" * 500, "\x00\ud800bad", "<p>" * 5_000 + "x",
     "<!-- wp:x {" * 500, "[a_b " * 2_000, "&#0;<![CDATA[x]]>", "<table><div>x</table>"],
)  # fmt: skip
def test_any_text_goes_in_and_comes_out_clean(content):
    html = convert(content, PLACE).html
    assert html == convert(html, PLACE).html or "x" in html
    assert "<div" not in html


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Well\n\nsaid", "Well\n\nsaid"),
        (
            '<a href="https://x.test/">this</a> <strong>now</strong>',
            "[this](https://x.test/) **now**",
        ),
        ('<a href="javascript:alert(1)">this</a>', "this"),
        ("<blockquote>He said</blockquote>No.", "> He said\n\nNo."),
        ("R&amp;D &lt;b&gt;", "R&D <b>"),
        ("<script>x</script>ok", "ok"),
    ],
)
def test_a_comments_html_becomes_our_markdown(text, markdown):
    assert as_markdown(text) == markdown


def cost(read, text):
    def once():
        begun = process_time()
        read(text)
        return process_time() - begun

    return min(once() for _ in range(3))


@pytest.mark.parametrize("beginning", [
    "[gallery ", "[caption]", "[embed]", "[code]", "[audio ", "<pre>", "<!-- wp:a {", "<!-- wp:",
    "<!-- wp:freeform -->", "<!--more", "<a href='", "<p", "<img ",
])  # fmt: skip
@pytest.mark.parametrize("read", [
    lambda text: convert(text, PLACE), fields.plain, illustrations.sources_in,
    shortcodes.gallery_numbers, rules.SHORTCODE.findall,
], ids=["body", "plain", "images", "galleries", "gate"])  # fmt: skip
def test_what_is_begun_and_never_ended_costs_no_more_than_its_length(read, beginning):
    assert cost(read, beginning * 1200) < 9 * cost(read, beginning * 300) + 0.002
