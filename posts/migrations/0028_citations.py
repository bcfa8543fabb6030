import django.db.models.deletion
from django.db import migrations, models

# Which post an address leads to, the rules of posts.addresses: a row made for the very address,
# the live page of the slug, an old address, and last what is there but not public. `published` is
# said here as in posts.visibility. In Postgres, since addresses change in many ways (the form, the
# importer, a withdrawal, a redirect made by hand), and a link follows them all. In PL/pgSQL, which
# keeps its plans: as plain SQL functions they cost an imported post ten times as much.
FORWARD = """
CREATE FUNCTION posts_citation_target(linked text, named text, number int)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT id FROM (
        SELECT redirect.post_id AS id, CASE
            WHEN post.status <> 'published' OR post.published_at > clock_timestamp() THEN 5
            WHEN linked <> '/' || lower(named) || '/' AND redirect.path = linked THEN 1
            ELSE 3 END AS place
        FROM posts_redirect AS redirect JOIN posts_post AS post ON post.id = redirect.post_id
        WHERE redirect.path IN (linked, '/' || lower(named) || '/')
        UNION ALL
        SELECT id, CASE WHEN status = 'published' AND published_at <= clock_timestamp()
            THEN 2 ELSE 4 END
        FROM posts_post WHERE named <> '' AND slug IN (named, lower(named))
        UNION ALL
        SELECT id, 4 FROM posts_post WHERE wordpress_id = number
        UNION ALL
        SELECT id, 4 FROM posts_post
        WHERE id = substring(linked FROM '^/p/([0-9]{1,18})/$')::bigint
    ) AS found ORDER BY place LIMIT 1);
END $$;
-- The public posts that cite one and came after that moment, newest first, without their long
-- columns: of the `reading` links written down last, at most `most`.
CREATE FUNCTION posts_citing(cited bigint, after timestamptz, most int, reading int)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(to_jsonb(citing)), '[]') FROM (
            SELECT id, title, slug, published_at, is_retracted FROM posts_post
            WHERE status = 'published' AND published_at <= statement_timestamp()
            AND published_at > after
            AND id IN (SELECT post_id FROM posts_citation WHERE target_id = cited
                       ORDER BY post_id DESC LIMIT reading)
            ORDER BY published_at DESC, id DESC LIMIT most
        ) AS citing);
END $$;
CREATE FUNCTION posts_turn_citations(slugs text[], paths text[], number int, gone bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE posts_citation
    SET target_id = nullif(posts_citation_target(path, slug, wordpress_id), post_id)
    WHERE (slug = ANY(slugs) OR path = ANY(paths) OR wordpress_id = number OR target_id = gone)
    AND target_id IS DISTINCT FROM nullif(posts_citation_target(path, slug, wordpress_id), post_id);
END $$;
CREATE FUNCTION posts_post_turns_citations() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    slugs text[] := array_remove(ARRAY[OLD.slug, NEW.slug]::text[], NULL);
BEGIN
    PERFORM posts_turn_citations(
        slugs, ARRAY(SELECT '/' || lower(slug) || '/' FROM unnest(slugs) AS slug
                     UNION ALL SELECT '/p/' || NEW.id || '/' WHERE TG_OP = 'INSERT'),
        coalesce(NEW.wordpress_id, OLD.wordpress_id),
        CASE WHEN TG_OP = 'DELETE' THEN OLD.id END);
    RETURN NULL;
END $$;
CREATE FUNCTION posts_redirect_turns_citations() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paths text[] := array_remove(ARRAY[OLD.path, NEW.path]::text[], NULL);
BEGIN
    PERFORM posts_turn_citations(
        ARRAY(SELECT trim(BOTH '/' FROM path) FROM unnest(paths) AS path), paths, NULL, NULL);
    RETURN NULL;
END $$;
-- By their names they fire after the triggers that keep the addresses (migration 0010).
CREATE TRIGGER posts_post_turns_citations AFTER INSERT OR DELETE ON posts_post
FOR EACH ROW EXECUTE FUNCTION posts_post_turns_citations();
CREATE TRIGGER posts_post_turns_old_citations AFTER UPDATE ON posts_post
FOR EACH ROW WHEN ((OLD.slug, OLD.status, OLD.published_at, OLD.wordpress_id)
    IS DISTINCT FROM (NEW.slug, NEW.status, NEW.published_at, NEW.wordpress_id))
EXECUTE FUNCTION posts_post_turns_citations();
CREATE TRIGGER posts_redirect_turns_citations AFTER INSERT OR DELETE ON posts_redirect
FOR EACH ROW EXECUTE FUNCTION posts_redirect_turns_citations();
CREATE TRIGGER posts_redirect_turns_old_citations AFTER UPDATE ON posts_redirect
FOR EACH ROW WHEN ((OLD.path, OLD.post_id) IS DISTINCT FROM (NEW.path, NEW.post_id))
EXECUTE FUNCTION posts_redirect_turns_citations();
CREATE CONSTRAINT TRIGGER posts_citation_renews_content
AFTER INSERT OR UPDATE OR DELETE ON posts_citation
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_content();
"""
BACKWARD = """
DROP TRIGGER posts_citation_renews_content ON posts_citation;
DROP TRIGGER posts_redirect_turns_old_citations ON posts_redirect;
DROP TRIGGER posts_redirect_turns_citations ON posts_redirect;
DROP TRIGGER posts_post_turns_old_citations ON posts_post;
DROP TRIGGER posts_post_turns_citations ON posts_post;
DROP FUNCTION posts_redirect_turns_citations();
DROP FUNCTION posts_post_turns_citations();
DROP FUNCTION posts_turn_citations(text[], text[], int, bigint);
DROP FUNCTION posts_citing(bigint, timestamptz, int, int);
DROP FUNCTION posts_citation_target(text, text, int);
"""


class Migration(migrations.Migration):
    """Which post links to which: pages show it, so it renews content."""

    dependencies = [("posts", "0027_sitemap_index")]
    operations = [
        migrations.CreateModel(
            name="Citation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=500)),
                ("slug", models.CharField(max_length=120)),
                ("wordpress_id", models.PositiveIntegerField(null=True)),
                ("words", models.CharField(max_length=200)),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="citations",
                        to="posts.post",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="cited_by",
                        to="posts.post",
                    ),
                ),
            ],
            options={
                "verbose_name": "link to a post",
                "verbose_name_plural": "links to posts that are not public",
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["target", "-post"], name="posts_citation_target_last"),
                    models.Index(fields=["slug"], name="posts_citation_slug"),
                    models.Index(fields=["path"], name="posts_citation_path"),
                    models.Index(
                        condition=models.Q(("wordpress_id__isnull", False)),
                        fields=["wordpress_id"],
                        name="posts_citation_number",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("post", "path"), name="posts_citation_once"),
                    models.CheckConstraint(
                        condition=models.Q(("post", models.F("target")), _negated=True),
                        name="posts_citation_not_itself",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
