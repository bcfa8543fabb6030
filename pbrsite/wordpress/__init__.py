"""The WordPress room: what a WordPress export (WXR) holds becomes rows of this site.

It may import every room; `items`, `source` and `reader`, which read the file, know none of them.
It promises that nothing becomes public that was not, and that each item ends with an outcome.
"""
