"""One message = one folder of three templates."""

from email import message_from_bytes, policy

import pytest
from django.core import mail as django_mail

from pbrsite import mail


@pytest.fixture
def message(tmp_path, settings):
    folder = tmp_path / "room" / "email" / "hello"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Hello\r\nBcc: all@example.org {{ name }}")
    (folder / "body.txt").write_text("Dear {{ name }},\n\n\n\n\nwelcome.\n")
    (folder / "body.html").write_text(
        "<html><head><style>p { color: #111 }</style></head><body><p>{{ name }}</p></body></html>"
    )
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    return mail.build("room/hello", "reader@example.org", {"name": "<Ann>"})


def test_text_comes_first_and_html_is_escaped_with_inlined_styles(message):
    parts = list(message_from_bytes(message.message().as_bytes(), policy=policy.default).walk())
    assert [part.get_content_type() for part in parts[1:]] == ["text/plain", "text/html"]
    assert "\n\n\n" not in parts[1].get_content()
    assert "&lt;Ann&gt;" in parts[2].get_content()
    assert 'style="color: #111' in parts[2].get_content()


def test_a_subject_cannot_inject_a_header(message):
    assert "\n" not in message.subject
    assert "Bcc" not in message.message()


def test_automatic_mail_says_so(message):
    assert message.message()["Auto-Submitted"] == "auto-generated"
    assert message.message()["Message-ID"].endswith("@example.org>")


def test_without_a_mail_server_each_message_is_a_file_that_opens(message, tmp_path, settings):
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    connection = django_mail.get_connection("pbrsite.mail.FileBackend")
    assert connection.send_messages([message, message]) == 2
    files = sorted((tmp_path / "mail").glob("*.eml"))
    assert len(files) == 2
    assert message_from_bytes(files[0].read_bytes())["To"] == "reader@example.org"


def test_a_path_becomes_an_address_and_an_address_stays():
    assert mail.absolute("/a/") == "http://testserver.test/a/"
    assert mail.absolute("https://b.test/") == "https://b.test/"
