"""A log line holds no secret of a link that somebody got by mail."""

import logging

import pytest

from pbrsite.logs import HideTokens


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/u/bQAAsecret/", "Not Found: /u/…/"),
        ("/subscription/bQAAsecret/", "Not Found: /subscription/…/"),
        ("/subscribe/confirm/bQAAsecret/?a=b", "Not Found: /subscribe/confirm/…/?a=b"),
        ("/preview/bQAA.secret/", "Not Found: /preview/…/"),
        ("/comments/yours/secret-0/", "Not Found: /comments/yours/…/"),
        ("/comments/mute/key.secret/", "Not Found: /comments/mute/…/"),
        ("/comments/confirm/a:secret/", "Not Found: /comments/confirm/…/"),
        ("/a-post/", "Not Found: /a-post/"),
    ],
)
def test_a_token_is_cut_from_the_line(path, shown):
    record = logging.LogRecord("django.request", 30, __file__, 1, "Not Found: %s", (path,), None)
    assert HideTokens().filter(record)
    assert record.getMessage() == shown
