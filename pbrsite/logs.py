"""What a log line may not hold: the secrets of links that people were sent."""

import logging
import re

SECRET = re.compile(
    r"/(u|preview|subscription|subscribe/confirm|comments/(?:confirm|mute|yours))/[^/\s\"']+"
)


class HideTokens(logging.Filter):
    """Cut the token from addresses that act for a person or open a draft."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if SECRET.search(message):
            record.msg, record.args = SECRET.sub(r"/\1/…", message), None
        return True
