"""The demo archive: posts about real events, discussed and subscribed to by invented people."""
