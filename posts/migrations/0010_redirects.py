import django.db.models.deletion
from django.db import migrations, models

# An address that was public and leads to its page no more is kept, bound to the post; an address
# that is a live page's again is not. In Postgres, since a post is changed in many ways (the form,
# the importer, a restored revision, a bulk update), and none of them may forget an address.
# `published` is said here as in posts.visibility.
FORWARD = """
CREATE FUNCTION posts_keep_address() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was_public boolean := TG_OP <> 'INSERT' AND OLD.status = 'published'
        AND OLD.published_at <= clock_timestamp();
    is_public boolean := TG_OP <> 'DELETE' AND NEW.status = 'published'
        AND NEW.published_at <= clock_timestamp();
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE posts_redirect SET post_id = NULL WHERE post_id = OLD.id;
    END IF;
    IF was_public AND NOT (is_public AND NEW.slug = OLD.slug) THEN
        INSERT INTO posts_redirect (path, post_id, target, origin, created_at)
        VALUES ('/' || lower(OLD.slug) || '/', CASE WHEN TG_OP <> 'DELETE' THEN OLD.id END,
                '', 'post', clock_timestamp())
        ON CONFLICT (path) DO UPDATE SET post_id = excluded.post_id, tag_id = NULL, target = '',
            origin = 'post', created_at = excluded.created_at;
    END IF;
    IF is_public THEN
        DELETE FROM posts_redirect WHERE path = '/' || lower(NEW.slug) || '/';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER posts_post_keeps_address AFTER INSERT OR DELETE ON posts_post
FOR EACH ROW EXECUTE FUNCTION posts_keep_address();
CREATE TRIGGER posts_post_keeps_old_address AFTER UPDATE ON posts_post
FOR EACH ROW WHEN ((OLD.slug, OLD.status, OLD.published_at)
    IS DISTINCT FROM (NEW.slug, NEW.status, NEW.published_at))
EXECUTE FUNCTION posts_keep_address();
INSERT INTO posts_redirect (path, post_id, target, origin, created_at)
SELECT '/' || lower(slug) || '/', id, '', 'post', now() FROM posts_post
WHERE status = 'withdrawn' AND published_at <= now() ON CONFLICT DO NOTHING;
"""
BACKWARD = """
DROP TRIGGER posts_post_keeps_address ON posts_post;
DROP TRIGGER posts_post_keeps_old_address ON posts_post;
DROP FUNCTION posts_keep_address();
"""


class Migration(migrations.Migration):
    """Where addresses lead that are no page; and the numbers posts had on WordPress."""

    dependencies = [("posts", "0009_series_with_posts_stays")]

    operations = [
        migrations.CreateModel(
            name='Redirect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(help_text='As in the browser’s address bar: /old-address/', max_length=500, unique=True)),
                ('target', models.CharField(blank=True, help_text='A page of this site (/about/) or the full https:// address of another.', max_length=1000, verbose_name='address')),
                ('origin', models.CharField(choices=[('post', 'A post was here'), ('editor', 'Made by an editor'), ('import', 'Came with an import')], default='editor', editable=False, max_length=6)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('post', models.ForeignKey(blank=True, help_text='Follows the post wherever its own address moves.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='redirects', to='posts.post')),
                ('tag', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='redirects', to='posts.tag', verbose_name='topic')),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('path__startswith', '/')), name='posts_redirect_path_is_ours'), models.CheckConstraint(condition=models.Q(models.Q(('post', None), ('tag', None)), models.Q(('post', None), ('target', '')), models.Q(('tag', None), ('target', '')), _connector='OR'), name='posts_redirect_leads_one_way'), models.CheckConstraint(condition=models.Q(('target', ''), ('target__regex', '^(/([^/\\\\]|$)|https://[^/\\\\])'), _connector='OR'), name='posts_redirect_target_is_safe'), models.CheckConstraint(condition=models.Q(('origin__in', ['post', 'editor', 'import'])), name='posts_redirect_origin_known')],
            },
        ),
        migrations.AddField(
            model_name='post',
            name='wordpress_id',
            field=models.PositiveIntegerField(blank=True, editable=False, null=True, unique=True),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
