"""Which e-mail addresses exist in principle, and the one way each is written here."""

from email_validator import EmailNotValidError, validate_email


class ImpossibleAddress(ValueError):  # noqa: N818 - it reads as what it is.
    """No mail can ever reach this address; the message says why, to the person who typed it."""


def normalise(text: str) -> str:
    """Return the address in ASCII with a lower-case domain (IDNA), or raise ImpossibleAddress.

    An internationalised domain and its punycode twin become the same string. Dots and tags in the
    local part mean what its owner's provider says they mean, so they stay. Nothing is looked up.
    """
    try:
        found = validate_email(
            text.strip(" "),
            check_deliverability=False,
            strict=True,  # RFC 5321: 64 characters before the @.
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
        )
    except EmailNotValidError as error:
        raise ImpossibleAddress(str(error)) from error
    return str(found.ascii_email)
