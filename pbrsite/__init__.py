"""The roof (urls, admin, commands) knows every room; the cellar (database, mail, forms) none.

May import: the roof anything, the cellar Django and libraries only.
Promises: one street map, one settings file, no business rule of its own.
"""
