"""The web server's entrance."""

import os

import django

from pbrsite.handler import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pbrsite.settings")
django.setup(set_prefix=False)
application = Handler()
