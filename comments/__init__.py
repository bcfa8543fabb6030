"""Comments: words from readers, held until someone has looked.

May import: posts.models and the cellar.
Promises: no address leaves the contact table; nothing is public before it is approved.
"""
