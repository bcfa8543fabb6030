"""Which e-mail addresses exist in principle, and the one way each is written here."""

from email_validator import EmailNotValidError, validate_email

LONGEST = 254  # characters: RFC 5321, section 4.5.3.1.3, less the angle brackets


class ImpossibleAddress(ValueError):  # noqa: N818 - it reads as what it is.
    """No mail can ever reach this address; the message says why, to the person who typed it."""


def normalise(text: str) -> str:
    """Return the address in ASCII with a lower-case domain (IDNA), or raise ImpossibleAddress.

    An internationalised domain and its punycode twin become the same string. Dots and tags in the
    local part mean what its owner's provider says they mean, so they stay. Nothing is looked up.
    """
    text = text.strip(" ")
    if len(text) > LONGEST:  # A megabyte takes the validator seconds.
        raise ImpossibleAddress(f"An e-mail address has at most {LONGEST} characters.")
    try:
        found = validate_email(
            text,
            check_deliverability=False,
            strict=True,  # RFC 5321: 64 characters before the @.
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
        )
    except EmailNotValidError as error:
        raise ImpossibleAddress(str(error)) from error
    return str(found.ascii_email)
