"""Subscriptions: who asked for mail, and the noon round.

May import: posts.models and the cellar.
Promises: at most one copy per subscriber and issue; every frozen recipient ends in a named state.
"""
