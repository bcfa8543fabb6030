"""Loaded before the settings: tests have a folder and a Postgres of their own."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

os.environ["VAR_DIR"] = str(ROOT / "var" / "test")
os.environ["SECRET_KEY"] = "a key that guards nothing but tests and their made-up people"
for name in ("SITE_URL", "SITE_NAME", "EMAIL_URL", "TIME_ZONE", "DIGEST_TIME", "TRUSTED_PROXIES"):
    os.environ.pop(name, None)
# Most tests live in a transaction that never commits, and only a commit renews the content.
os.environ["PAGE_CACHE_MB"] = "0"
os.environ["MAIL_CONNECTIONS"] = "1"  # A second one would not see a test's transaction.
os.environ["SITE_URL"] = "http://testserver.test"
