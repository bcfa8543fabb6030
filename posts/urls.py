"""Streets of the posts room; the root-level `/<slug>/` comes last."""

from django.urls import URLPattern, path, re_path

from posts import (
    archives,
    authorpages,
    feeds,
    machines,
    shortlinks,
    sitemaps,
    tagindex,
    topicpages,
    views,
)

app_name = "posts"

_NUMBER = r"(?P<number>[1-9][0-9]{0,17})"  # one way to write it: /p/01 is no address
_MONTH, _DAY = r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12][0-9]|3[01])"
_SLUG, _KIND = r"(?P<slug>[-a-zA-Z0-9_]+)", r"(?P<kind>atom|json)"
_SLUGS = r"(?P<slugs>[-a-zA-Z0-9_]+(?:\+[-a-zA-Z0-9_]+)+)"
_PERIOD = rf"^(?P<year>[0-9]{{4}})/(?:{_MONTH}/(?:{_DAY}/)?)?"

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("page/<int:number>/", views.home, name="home_page"),
    path("about/", views.about, name="about"),
    path("privacy/", views.privacy, name="privacy"),
    path("corrections/", views.corrections, name="corrections"),
    path("corrections/page/<int:number>/", views.corrections, name="corrections_page"),
    path("search/", views.search, name="search"),
    path("search/feed/", feeds.search, name="search_feed"),
    path("tags/", tagindex.tag_list, name="tags"),
    re_path(r"^tags/(?P<letter>[a-z]|0-9)/$", tagindex.tag_letter, name="tags_letter"),
    path("tag/<slug:slug>/", topicpages.tag_detail, name="tag"),
    path("tag/<slug:slug>/page/<int:number>/", topicpages.tag_detail, name="tag_page"),
    re_path(rf"^tag/{_SLUGS}/$", topicpages.intersection, name="intersection"),
    re_path(
        rf"^tag/{_SLUGS}/page/(?P<number>[1-9][0-9]{{0,5}})/$",
        topicpages.intersection,
        name="intersection_page",
    ),
    path("tag/<slug:slug>/feed/", feeds.tag, name="tag_feed"),
    re_path(rf"^tag/{_SLUG}/feed/{_KIND}/$", feeds.tag, name="tag_feed"),
    path("author/<slug:slug>/", authorpages.author_detail, name="author"),
    path("author/<slug:slug>/page/<int:number>/", authorpages.author_detail, name="author_page"),
    path("author/<slug:slug>/feed/", feeds.author, name="author_feed"),
    re_path(rf"^author/{_SLUG}/feed/{_KIND}/$", feeds.author, name="author_feed"),
    path("series/<slug:slug>/", views.series_detail, name="series"),
    path("series/<slug:slug>/feed/", feeds.series, name="series_feed"),
    re_path(rf"^series/{_SLUG}/feed/{_KIND}/$", feeds.series, name="series_feed"),
    path("archive/", archives.archive, name="archive"),
    re_path(_PERIOD + "$", archives.period_archive, name="period"),
    re_path(
        _PERIOD + r"page/(?P<number>[0-9]{1,6})/$", archives.period_archive, name="period_page"
    ),
    path("feed/", feeds.latest, name="feed"),
    re_path(rf"^feed/{_KIND}/$", feeds.latest, name="feed"),
    re_path(rf"^p/{_NUMBER}/?$", shortlinks.lead, name="short"),
    re_path(rf"^p/{_NUMBER}\.bib$", shortlinks.bibtex, name="bibtex"),
    re_path(rf"^p/{_NUMBER}\.ris$", shortlinks.ris, name="ris"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    re_path(rf"^sitemap-posts-{_NUMBER}\.xml$", sitemaps.posts, name="sitemap_posts"),
    re_path(r"^sitemap-(?P<kind>[a-z]+)\.xml$", sitemaps.section, name="sitemap_section"),
    path("robots.txt", machines.robots, name="robots"),
    path("opensearch.xml", machines.opensearch, name="opensearch"),
    path("preview/<str:token>/", views.preview, name="preview"),
    path("<slug:slug>/", views.post_detail, name="detail"),
]
