"""Posts: writing, tags, what is published, what is related, search, feeds.

May import: the cellar only.
Promises: one queryset word, `published`, decides what the public sees, everywhere.
"""
