"""What a visitor asks the search page."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict

from posts import search
from posts.models import Author, Post, PostQuerySet


@dataclass(frozen=True)
class Question:
    """What a visitor asked for; every value is optional."""

    query: str = ""
    tag: str = ""
    author: str = ""
    year: str = ""
    sort: str = "relevance"
    page: int = 1

    @classmethod
    def from_request(cls, given: QueryDict) -> Self:
        """Read the parameters. Unknown ones and impossible values count for nothing."""
        year, page = given.get("year", ""), given.get("page", "1")
        return cls(
            query=search.tidy(given.get("q", "")),
            tag=search.tidy(given.get("tag", "")),
            author=search.tidy(given.get("author", "")),
            year=year if re.fullmatch(r"[12]\d{3}", year) else "",
            sort="date" if given.get("sort") == "date" else "relevance",
            page=int(page) if re.fullmatch(r"\d{1,6}", page) else 1,
        )

    def url(self, **changes: Any) -> str:
        """Return the address of this question with some of it changed, from page one."""
        return _address("/search/", replace(self, **changes).parameters())

    def here(self) -> str:
        """Return the one address of this very page of this question."""
        page = str(self.page) if self.page > 1 else ""
        return _address("/search/", {**self.parameters(), "page": page})

    def parameters(self) -> dict[str, str]:
        return {
            "q": self.query, "tag": self.tag, "author": self.author, "year": self.year,
            "sort": self.sort if self.sort != "relevance" else "",
        }  # fmt: skip

    def feed_url(self) -> str:
        """Return the address of the feed of what is new in this search."""
        return _address("/search/feed/", {**self.parameters(), "sort": ""})

    def heading(self) -> str:
        """Return the question in words, for the title of its feed."""
        narrowed = [self.tag, self.year, self.author]
        return ", ".join(filter(None, [f"“{self.query}”" if self.query else "", *narrowed]))

    def kept(self) -> dict[str, str]:
        """Return what the search box sends along with other words: filters and order."""
        return {name: value for name, value in self.parameters().items() if value and name != "q"}

    @property
    def is_empty(self) -> bool:
        return not (self.query or self.tag or self.author or self.year)

    def narrowing(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return for each filter its condition on `posts_searchentry` and its parameters."""
        conditions: dict[str, tuple[str, dict[str, Any]]] = {}
        if self.tag:
            tagged = "tags && ARRAY(SELECT id FROM posts_tag WHERE slug = %(tag)s)"
            conditions["tag"] = (tagged, {"tag": self.tag})
        if self.author:
            written = "authors && ARRAY(SELECT id FROM posts_author WHERE slug = %(author)s)"
            conditions["author"] = (written, {"author": self.author})
        if self.year:
            start = datetime(int(self.year), 1, 1, tzinfo=settings.ZONE)
            span = {"start": start, "end": start.replace(year=start.year + 1)}
            conditions["year"] = ("released_at >= %(start)s AND released_at < %(end)s", span)
        return conditions

    def matching(self) -> PostQuerySet:
        """Return the public posts that pass the filters and hold all the words; unordered."""
        posts = Post.objects.published()
        if self.query:
            posts = posts & search.mentioning(self.query)
        if self.tag:
            posts = posts.filter(tagged_posts__tag__slug=self.tag)
        if self.author:
            author = Author.objects.filter(slug=self.author).first()
            posts = posts.by(author) if author else posts.none()
        return posts.in_year(int(self.year)) if self.year else posts


def _address(path: str, pairs: dict[str, str]) -> str:
    given = urlencode({name: value for name, value in pairs.items() if value})
    return f"{path}?{given}"
