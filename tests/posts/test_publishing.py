"""A post through its states by the form's buttons: what each does, and what it says."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from posts.admin import bulk as bulk_admin
from posts.models import Post
from tests.factories import make_post, make_staff, make_tag
from tests.posts.test_admin import form_data

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def editor(client) -> User:
    user = make_staff()
    client.force_login(user)
    return user


def press(client, post: Post, button: str = "_save", **changes) -> str:
    """Send the post's form with that button; return the page that follows."""
    times = typed("published_at", post.published_at) | typed("not_before", post.not_before)
    tags = list(post.tags.values_list("pk", flat=True))
    data = form_data(post, title=post.title, slug=post.slug, tags=tags, **{button: "1"})
    address = reverse("admin:posts_post_change", args=[post.pk])
    page = client.post(address, data | times | changes, follow=True).content.decode()
    post.refresh_from_db()
    return str(page)


def typed(name: str, moment: datetime | None) -> dict[str, str]:
    if moment is None:
        return {}
    local = timezone.localtime(moment)
    return {f"{name}_0": f"{local:%d/%m/%Y}", f"{name}_1": f"{local:%H:%M:%S}"}


def make_ready(**values) -> Post:
    """Return a draft that the gate lets through."""
    return make_post(**{"status": "draft", "published_at": None, "tags": (make_tag(),)} | values)


def whole_seconds(ahead: timedelta) -> datetime:
    return timezone.now().replace(microsecond=0) + ahead


LIFE = [
    ("submit", ["draft"], "review"),
    ("return_to_draft", ["review", "scheduled"], "draft"),
    ("publish", ["draft", "review", "scheduled", "withdrawn"], "published"),
    ("withdraw", ["published"], "withdrawn"),
]


@pytest.mark.parametrize("state", ["draft", "review", "scheduled", "published", "withdrawn"])
@pytest.mark.parametrize(("verb", "sources", "target"), LIFE)
def test_each_verb_moves_from_its_states_and_from_no_other(verb, sources, target, state):
    at = NOW + DAY if state == "scheduled" else NOW - DAY
    post = make_post(status="published" if state == "scheduled" else state, published_at=at)
    before = post.status
    done = getattr(post, verb)(**{} if verb == "submit" else {"at": NOW})
    if verb == "withdraw" and state == "scheduled":
        sources, target = ["scheduled"], "draft"  # Nobody has seen it: nothing to withdraw.
    assert done is (state in sources)
    assert Post.objects.get().status == (target if state in sources else before)


def test_a_verb_looks_at_the_row_not_at_what_was_read_before():
    post = make_post(status="draft")
    Post.objects.update(status="withdrawn")
    assert not post.submit()
    assert Post.objects.get().status == "withdrawn"


def test_the_form_asks_for_no_state(client, editor):
    page = client.get(reverse("admin:posts_post_add")).content.decode()
    assert 'name="status"' not in page


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ({"status": "draft"}, ["Submit for review", "Publish now"]),
        ({"status": "review"}, ["Send back to draft", "Publish now"]),
        ({"status": "draft", "published_at": datetime(2126, 3, 4, 9, 30, tzinfo=UTC)},
         ["Submit for review", "Schedule for 4 March 2126, 09:30 GMT"]),
        ({"status": "draft", "published_at": datetime(2013, 7, 4, 9, 30, tzinfo=UTC)},
         ["Submit for review", "Publish, dated 4 July 2013, 10:30 BST"]),
        ({"status": "draft", "not_before": datetime(2126, 3, 4, tzinfo=UTC)},
         ["Submit for review", "Schedule for 4 March 2126, 00:00 GMT"]),
        ({"status": "published", "published_at": datetime(2126, 3, 4, tzinfo=UTC)},
         ["Send back to draft", "Publish now"]),
        ({"status": "published", "published_at": datetime(2013, 3, 4, tzinfo=UTC)}, ["Withdraw"]),
        ({"status": "withdrawn", "published_at": datetime(2013, 3, 4, tzinfo=UTC)},
         ["Publish again, dated 4 March 2013, 00:00 GMT"]),
    ],
)  # fmt: skip
def test_the_buttons_say_what_will_happen(client, editor, values, labels):
    post = make_post(**{"published_at": None} | values)
    page = client.get(reverse("admin:posts_post_change", args=[post.pk]))
    assert [button.label for button in page.context["buttons"]] == labels


def test_from_draft_by_review_to_the_public_and_back(client, editor):
    post = make_ready()
    assert "waits for review" in press(client, post, "_submit")
    assert "is a draft again" in press(client, post, "_return")
    assert "is published" in press(client, post, "_publish")
    assert "is withdrawn" in press(client, post, "_withdraw", _confirmed="1")
    assert "is published, dated" in press(client, post, "_publish")
    assert post.is_published()


def test_a_time_to_come_schedules(client, editor):
    at = whole_seconds(2 * DAY)
    page = press(client, post := make_ready(), "_publish", **typed("published_at", at))
    assert "is scheduled for" in page
    assert (post.is_scheduled(), post.published_at) == (True, at)


def test_saving_never_publishes_a_draft(client, editor):
    press(client, post := make_ready(), **typed("published_at", whole_seconds(-DAY)))
    assert post.status == Post.Status.DRAFT


def test_what_the_gate_stops_is_saved_and_said(client, editor):
    post = make_ready(tags=())
    page = press(client, post, "_publish", title="As I left it")
    assert "is saved, but not published" in page
    assert "at least one tag" in page
    assert "Change post" in page
    assert (post.title, post.status) == ("As I left it", "draft")


def test_a_new_post_that_the_gate_stops_is_a_draft(client, editor):
    data = form_data(_publish="1", excerpt="")
    page = client.post(reverse("admin:posts_post_add"), data, follow=True).content.decode()
    assert "Choose an excerpt" in page
    assert Post.objects.get().status == "draft"


def test_a_draft_is_saved_whatever_its_faults(client, editor):
    press(client, post := make_ready(), body='<p>My <a href="www.nao.org.uk">words</a></p>')
    assert "www.nao.org.uk" in post.body


@pytest.mark.parametrize("ahead", [-HOUR, HOUR], ids=["public", "scheduled"])
def test_a_faulty_change_of_what_readers_will_see_is_not_saved_and_not_lost(client, editor, ahead):
    post = make_ready(status="published", published_at=whole_seconds(ahead))
    page = press(client, post, body='<p>My <a href="www.nao.org.uk">words</a></p>')
    assert "Nothing is saved yet, and nothing you typed is lost" in page
    assert "www.nao.org.uk" in page
    assert "www.nao.org.uk" not in post.body


def test_a_fault_that_readers_see_already_stops_no_other_mending(client, editor):
    post = make_ready(status="published", published_at=whole_seconds(-HOUR), tags=())
    page = press(client, post, title="Its typing error mended")
    assert "Readers see it already: Choose at least one tag" in page
    assert post.title == "Its typing error mended"


def test_a_scheduled_post_is_in_order_before_it_goes_out(client, editor):
    post = make_ready(status="published", published_at=whole_seconds(HOUR), tags=())
    assert "this post is scheduled. Mend this first" in press(client, post, title="Other")


def test_a_faulty_public_post_can_always_be_withdrawn(client, editor):
    post = make_ready(status="published", published_at=whole_seconds(-HOUR), tags=())
    press(client, post, "_withdraw", _confirmed="1")
    assert post.status == "withdrawn"


def test_withdrawing_asks_first_and_what_was_typed_is_not_lost(client, editor):
    post = make_ready(status="published", published_at=whole_seconds(-HOUR))
    page = press(client, post, "_withdraw", title="Typed, not saved", form_key="a-key")
    assert "410 Gone" in page
    assert (post.status, post.title == "Typed, not saved") == ("published", False)
    form = client.get(reverse("admin:posts_post_change", args=[post.pk])).content.decode()
    assert 'value="Typed, not saved"' in form


def test_the_confirmation_carries_the_form_and_saves_it_whole(client, editor):
    post = make_ready(status="published", published_at=whole_seconds(-HOUR))
    address = reverse("admin:posts_post_change", args=[post.pk])
    tags = list(post.tags.values_list("pk", flat=True))
    data = form_data(post, title="A better title", slug=post.slug, tags=tags, _withdraw="1")
    asked = client.post(address, data | typed("published_at", post.published_at))
    fields: dict[str, list[str]] = {}
    for name, value in asked.context["sent"]:
        fields.setdefault(name, []).append(value)
    client.post(address, fields | {"_confirmed": "Withdraw"})
    post.refresh_from_db()
    assert (post.status, post.title, post.tags.count()) == ("withdrawn", "A better title", 1)
    assert not post.working_copies.exists()


def test_withdrawing_and_a_new_embargo_go_in_one_step(client, editor):
    post = make_ready(status="published", published_at=whole_seconds(-HOUR))
    at = typed("not_before", end := whole_seconds(DAY))
    press(client, post, "_withdraw", _confirmed="1", **at)
    assert (post.status, post.not_before) == ("withdrawn", end)


def test_a_button_that_was_not_offered_is_no_way_past_the_gate(client, editor):
    post = make_ready(status="published", published_at=whole_seconds(-HOUR))
    press(client, post, "_return", body="[gallery]", published_at_0="", published_at_1="")
    assert post.is_published()
    assert "gallery" not in post.body


@pytest.mark.parametrize("button", ["_publish", "_submit"])
def test_a_press_is_answered_once(client, editor, button):
    page = press(client, make_ready(title="Once"), button)
    assert "changed successfully" not in page
    assert page.count("Once</a>” ") == 1


def test_plain_saving_is_answered_by_django(client, editor):
    assert "changed successfully" in press(client, make_ready())


def test_the_answer_leads_to_the_public_page(client, editor):
    post = make_ready(title="Out <now>", slug="out-now")
    page = press(client, post, "_publish")
    assert f'“<a href="{post.get_absolute_url()}">Out &lt;now&gt;</a>” is published.' in page


def test_only_what_is_public_is_looked_at_on_the_site(client, editor):
    draft, public = make_ready(), make_ready(status="published", published_at=whole_seconds(-DAY))
    for post, is_offered in ((draft, False), (public, True)):
        page = client.get(reverse("admin:posts_post_change", args=[post.pk])).content.decode()
        assert ("View on site" in page) is is_offered


def test_warnings_are_told_and_stop_nothing(client, editor):
    page = press(client, post := make_ready(), "_publish", title="Long " * 25)
    assert "worth a second look" in page
    assert post.is_published()


def test_an_embargo_outlasts_the_time_of_publishing(client, editor):
    end = whole_seconds(3 * DAY)
    at = typed("published_at", whole_seconds(DAY))
    page = press(client, post := make_ready(), "_publish", **at, **typed("not_before", end))
    assert "the post goes out when it ends" in page
    assert (post.is_scheduled(), post.published_at) == (True, end)


def test_an_embargo_moves_what_is_scheduled(client, editor):
    post, end = (
        make_ready(status="published", published_at=whole_seconds(DAY)),
        whole_seconds(3 * DAY),
    )
    page = press(client, post, **typed("not_before", end))
    assert "the post goes out when it ends" in page
    assert post.published_at == end


def test_an_embargo_on_a_public_post_is_refused_with_the_way(client, editor):
    post = make_ready(status="published", published_at=whole_seconds(-DAY))
    page = press(client, post, **typed("not_before", whole_seconds(DAY)))
    assert "cannot take back what readers have seen" in page
    assert "withdraw the post first" in page
    assert post.not_before is None


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        (-DAY, DAY, "a time to come would hide it"),
        (DAY, -DAY, "press “Publish now”"),
        (DAY, None, "press “Publish now”"),
    ],
    ids=["public to the future", "scheduled to the past", "scheduled to none"],
)
def test_saving_a_time_neither_hides_nor_publishes(client, editor, was, becomes, words):
    post = make_ready(status="published", published_at=whole_seconds(was))
    at = post.published_at
    moved = typed("published_at", whole_seconds(becomes)) if becomes else {
        "published_at_0": "", "published_at_1": ""}  # fmt: skip
    assert words in press(client, post, **moved)
    assert post.published_at == at


def test_a_scheduled_post_is_out_at_once_when_that_is_pressed(client, editor):
    post = make_ready(status="published", published_at=whole_seconds(DAY))
    assert "is published" in press(client, post, "_publish")
    assert post.is_published()


def test_publishing_again_from_an_old_tab_does_not_move_the_date(client, editor):
    moment = whole_seconds(-DAY)
    post = make_ready(status="published", published_at=moment)
    empty = {"published_at_0": "", "published_at_1": ""}
    assert "was published already" in press(client, post, "_publish", **empty)
    assert post.published_at == moment


def test_saving_an_old_page_takes_nothing_back_that_was_published_meanwhile(client, editor):
    post, at = make_ready(), whole_seconds(-HOUR)
    Post.objects.get().publish(at=at)
    press(client, post, title="A better title")
    assert (post.title, post.status, post.published_at) == ("A better title", "published", at)


def bulk(client, action: str, *posts: Post, **extra) -> str:
    data = {"action": action, "_selected_action": [post.pk for post in posts]} | extra
    page = client.post(reverse("admin:posts_post_changelist"), data, follow=True)
    return str(page.content.decode())


def test_bulk_publish_leaves_withdrawn_posts_alone(client, editor):
    draft, withdrawn = make_ready(), make_ready(status="withdrawn", published_at=NOW)
    page = bulk(client, "publish", draft, withdrawn)
    assert "1 of 2 posts published. 1 was left as it is." in page
    assert list(Post.objects.published()) == [draft]


def test_a_bulk_action_counts_one_and_many(client, editor):
    gone = [make_ready(status="withdrawn", published_at=NOW) for _ in range(2)]
    assert "1 of 3 posts published. 2 were left as they are." in bulk(
        client, "publish", make_ready(), *gone
    )
    assert "1 of 1 post published." in bulk(client, "publish", make_ready())


def test_bulk_publish_says_of_each_post_what_stopped_it(client, editor):
    ready = make_ready()
    page = bulk(client, "publish", ready, make_ready(title="No tag", tags=()),
                make_ready(title="No excerpt", excerpt=""))  # fmt: skip
    assert "<strong>No tag</strong>: Choose at least one tag" in page
    assert "<strong>No excerpt</strong>: Choose an excerpt" in page
    assert list(Post.objects.published()) == [ready]


def test_bulk_publish_keeps_a_time_to_come(client, editor):
    post = make_ready(published_at=whole_seconds(DAY))
    bulk(client, "publish", post)
    assert list(Post.objects.scheduled()) == [post]


def test_bulk_publish_does_a_bounded_number_and_says_how_to_do_the_rest(
    client, editor, monkeypatch
):
    monkeypatch.setattr(bulk_admin, "AT_ONCE", 2)
    posts = [make_ready() for _ in range(5)]
    page = bulk(client, "publish", *posts)
    assert "2 of 5 posts published. At most 2 go at once: run it again for the other 3." in page
    assert set(Post.objects.published()) == set(posts[3:])  # As the list has them, newest first.
    assert "the other 1." in bulk(client, "publish", *posts)
    assert "1 of 5 posts published. 4 were left as they are." in bulk(client, "publish", *posts)
    assert Post.objects.published().count() == 5


@pytest.mark.parametrize("action", ["submit", "withdraw"])
def test_every_bulk_action_is_bounded(client, editor, monkeypatch, action):
    monkeypatch.setattr(bulk_admin, "AT_ONCE", 2)
    status = {"submit": "draft", "withdraw": "published"}[action]
    posts = [make_post(status=status) for _ in range(3)]
    assert "the other 1." in bulk(client, action, *posts, _confirmed="1")
    assert Post.objects.filter(status=status).count() == 1


def test_one_post_that_fails_undoes_no_other_of_a_bulk_action(client, editor, monkeypatch):
    first, broken, last = [make_ready(title=title) for title in ("First", "Broken", "Last")]
    whole = Post.reindex

    def reindex(post: Post) -> None:
        assert post.pk != broken.pk
        whole(post)

    monkeypatch.setattr(Post, "reindex", reindex)
    page = bulk(client, "publish", first, broken, last)
    assert "2 of 3 posts published." in page
    assert "An error kept these as they were; the site&#x27;s log names it:<ul><li>Broken" in page
    assert set(Post.objects.published()) == {first, last}
    assert not broken.revision_notes.exists()


def test_bulk_publish_reads_the_levels_of_the_gate_once(client, editor):
    posts = [make_ready() for _ in range(3)]
    with CaptureQueriesContext(connection) as captured:
        bulk(client, "publish", *posts)
    assert sum("posts_gaterule" in query["sql"] for query in captured) == 1


def test_bulk_withdraw_takes_posts_off_the_site(client, editor):
    bulk(client, "withdraw", make_post(), _confirmed="1")
    assert not Post.objects.published().exists()


def test_bulk_withdraw_asks_first_and_says_what_becomes_of_each(client, editor):
    public, draft = make_post(title="The public one"), make_ready()
    scheduled = make_post(title="The scheduled one", published_at=whole_seconds(DAY))
    page = bulk(client, "withdraw", public, scheduled, draft)
    assert page.index("410 Gone") < page.index("The public one") < page.index("becomes a draft")
    assert page.index("becomes a draft") < page.index("The scheduled one")
    assert "1 other chosen is neither public nor scheduled" in page
    assert Post.objects.published().get() == public
    assert not public.revision_notes.exists()


@pytest.mark.parametrize("state", ["draft", "in_review", "scheduled", "published", "withdrawn"])
def test_the_list_is_filtered_by_state(client, editor, state):
    for name in ("draft", "review", "published", "withdrawn"):
        make_post(title=f"The {name} one", status=name)
    make_post(title="The scheduled one", published_at=whole_seconds(DAY))
    page = client.get(reverse("admin:posts_post_changelist"), {"state": state})
    titles = [post.title for post in page.context["cl"].result_list]
    assert titles == [f"The {state.removeprefix('in_')} one"]


def test_times_bear_the_name_of_the_sites_clock(client, editor):
    post = make_post(published_at=datetime(2025, 7, 4, 9, 30, tzinfo=UTC))
    form = client.get(reverse("admin:posts_post_change", args=[post.pk])).content.decode()
    listing = client.get(reverse("admin:posts_post_changelist")).content.decode()
    assert form.count("Europe/London time") == 4
    assert 'value="10:30:00"' in form
    assert "4 Jul 2025, 10:30 BST" in listing


@pytest.mark.parametrize("name", ["published_at", "not_before"])
def test_a_time_the_clocks_skip_is_refused_with_what_to_type(client, editor, name):
    skipped = {f"{name}_0": "29/03/2026", f"{name}_1": "01:30"}
    page = press(client, make_ready(), **skipped)
    assert "There is no 01:30 on 29 March 2026: the clocks of Europe/London go forward" in page
    assert "Type 00:30 for the time before, or 02:30 for the time after." in page


@pytest.mark.parametrize("hour", [0, 1], ids=["first time round", "second time round"])
def test_a_moment_in_the_hour_that_comes_twice_is_saved_untouched(client, editor, hour):
    at = datetime(2025, 10, 26, hour, 30, tzinfo=UTC)
    post = make_ready(status="published", published_at=at, not_before=at)
    press(client, post, title="Mended")
    assert (post.title, post.published_at, post.not_before) == ("Mended", at, at)


def test_a_time_that_comes_twice_newly_typed_is_the_first(client, editor):
    post = make_ready()
    press(client, post, published_at_0="26/10/2025", published_at_1="01:30")
    assert post.published_at == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("day", ["01/01/0001", "31/12/9999"])
def test_the_ends_of_the_calendar_break_nothing(client, editor, day):
    ends = {"published_at_0": day, "published_at_1": "23:59"}
    assert "<h1" in press(client, make_ready(), **ends)


def test_the_checklist_is_that_of_the_saved_post(client, editor):
    post = make_ready(tags=())
    page = client.get(reverse("admin:posts_post_change", args=[post.pk])).content.decode()
    assert "1 to mend" in page
    assert "Choose at least one tag" in page


def test_who_moved_a_post_is_in_the_log(client, editor):
    press(client, make_ready(), "_publish", title="Another")
    entry = LogEntry.objects.get()
    assert entry.user == editor
    assert entry.get_change_message().startswith("The post is published. Changed Title")
