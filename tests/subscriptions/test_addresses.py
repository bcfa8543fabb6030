import pytest

from subscriptions.addresses import ImpossibleAddress, normalise

IMPOSSIBLE = [
    ("", "nothing"),
    ("a@b", "no top-level domain"),
    ("no-at-sign.example.org", "no @"),
    ('"x y"@example.org', "a quoted local part"),
    ("a\r\nBcc:v@w", "a header injected"),
    ('"x y"@d', "a quoted local part, and no top-level domain"),
    ("a@example.org\nBcc:v@example.org", "a header injected at the end"),
    (f"{'x' * 65}@example.org", "a local part of 65 characters"),
    ("тест@пример.рф", "a local part most relays cannot carry"),
    ("a@example.org.", "a trailing dot"),
    ("İstanbul@example.org", "a Turkish capital i"),
    ("a\u200bb@example.org", "a zero-width space"),
    ("a\x00b@example.org", "a NUL"),
    ("a@[127.0.0.1]", "an IP literal"),
    ("a@localhost", "a name of this machine"),
    ("a@example.org,b@example.org", "two addresses"),
    (f"a@{'x' * 250}.org", "a domain that is too long"),
    (f"{'x' * 1_000_000}@example.org", "a megabyte"),
    ("a..b@example.org", "two dots"),
    ("a@exam ple.org", "a space"),
    ("a@xn--.org", "broken punycode"),
]


@pytest.mark.parametrize(
    ("text", "reason"), [*IMPOSSIBLE, ("\ud800@example.org", "half a character")]
)
def test_impossible_address_is_refused(text: str, reason: str):
    with pytest.raises(ImpossibleAddress):
        normalise(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("reader@example.org", "reader@example.org"),
        ("  reader@example.org ", "reader@example.org"),
        ("Reader@EXAMPLE.Org", "Reader@example.org"),
        ("first.last+tag@example.org", "first.last+tag@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("reader@пример.рф", "reader@xn--e1afmkfd.xn--p1ai"),
        ("reader@xn--e1afmkfd.xn--p1ai", "reader@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_address_is_written_one_way(text: str, stored: str):
    assert normalise(text) == stored
