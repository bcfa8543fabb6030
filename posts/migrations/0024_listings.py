import django.db.models.deletion
from django.db import migrations, models

# Which lists a released post stands in. Not a view, which would forbid later changes of columns.
# `status` is said here as in posts.visibility; the moment is left to whoever reads.
LISTS = """
CREATE FUNCTION posts_lists_of(post_ids bigint[])
RETURNS TABLE (kind text, key bigint, published_at timestamptz, post_id bigint)
LANGUAGE sql STABLE AS $$
    SELECT 'all', 0::bigint, post.published_at, post.id FROM posts_post post
    WHERE post.id = ANY(post_ids) AND post.status = 'published'
    UNION
    SELECT 'author', post.author_id, post.published_at, post.id FROM posts_post post
    WHERE post.id = ANY(post_ids) AND post.status = 'published'
    UNION
    SELECT 'author', further.author_id, post.published_at, post.id
    FROM posts_coauthor further JOIN posts_post post ON post.id = further.post_id
    WHERE further.post_id = ANY(post_ids) AND post.status = 'published'
    UNION
    SELECT 'tag', filed.tag_id, post.published_at, post.id
    FROM posts_taggedpost filed JOIN posts_post post ON post.id = filed.content_object_id
    WHERE filed.content_object_id = ANY(post_ids) AND post.status = 'published'
$$;

-- Makes the entries of these posts what they should be; any number of times. Planning it anew at
-- each call took three quarters of its time.
CREATE FUNCTION posts_relist(post_ids bigint[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    DELETE FROM posts_listentry WHERE (kind, key, published_at, post_id) IN (
        SELECT kind, key, published_at, post_id FROM posts_listentry WHERE post_id = ANY(post_ids)
        EXCEPT SELECT * FROM posts_lists_of(post_ids));
    INSERT INTO posts_listentry (kind, key, published_at, post_id)
    SELECT * FROM posts_lists_of(post_ids) ON CONFLICT DO NOTHING;
END $$;
"""
# Posts: in bulk when they are inserted or deleted; on an update only when it says something new,
# so that saving a text, or indexing the whole archive, costs nothing here.
POSTS = """
CREATE FUNCTION posts_relist_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM posts_relist(ARRAY[NEW.id]);
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM posts_relist(array_agg(id)) FROM changed WHERE status = 'published';
    ELSE
        DELETE FROM posts_listentry WHERE post_id IN (SELECT id FROM changed);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER posts_post_enters_lists AFTER INSERT ON posts_post
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION posts_relist_post();
CREATE TRIGGER posts_post_leaves_lists AFTER DELETE ON posts_post
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION posts_relist_post();
CREATE TRIGGER posts_post_moves_in_lists AFTER UPDATE ON posts_post
FOR EACH ROW WHEN ((OLD.status, OLD.published_at, OLD.author_id)
    IS DISTINCT FROM (NEW.status, NEW.published_at, NEW.author_id))
EXECUTE FUNCTION posts_relist_post();
"""
# Tags and further authors. Whoever files a post waits for whoever publishes it at that moment, and
# the other way round: neither would see the other's row, and the post would be missing in a list.
LINKS = """
CREATE FUNCTION {table}_relists() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    post_ids bigint[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(id) INTO post_ids
        FROM (SELECT {post} AS id FROM changed UNION SELECT {post} FROM former) AS posts;
    ELSE
        SELECT array_agg(DISTINCT {post}) INTO post_ids FROM changed;
    END IF;
    PERFORM FROM posts_post WHERE id = ANY(post_ids) ORDER BY id FOR NO KEY UPDATE;
    PERFORM posts_relist(post_ids);
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_insert_relists AFTER INSERT ON {table}
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {table}_relists();
CREATE TRIGGER {table}_update_relists AFTER UPDATE ON {table}
REFERENCING OLD TABLE AS former NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION {table}_relists();
CREATE TRIGGER {table}_delete_relists AFTER DELETE ON {table}
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {table}_relists();
"""
# Counts that nobody waits for: whoever changes a list adds rows, and now and then draws together
# with them those of the same months that no other transaction holds at the moment. The sum is right
# whoever gives up. Not each time: a transaction that changes thousands of posts one by one would
# pass at every one of them all the rows it has deleted so far.
TALLIES = """
CREATE FUNCTION posts_month(moment timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(year FROM moment AT TIME ZONE 'UTC') * 12
        + extract(month FROM moment AT TIME ZONE 'UTC') - 1)::integer
$$;
CREATE FUNCTION posts_tally_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    draws boolean := random() < 0.0625 OR (SELECT count(*) > 50 FROM changed);
BEGIN
    WITH change AS (
        SELECT kind, key, month, count(*) * CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END AS count
        FROM (SELECT kind, key, unnest(ARRAY[0, posts_month(published_at)]) AS month
              FROM changed) AS entry
        GROUP BY kind, key, month
    ), free AS (
        SELECT tally.id FROM posts_listtally tally JOIN change USING (kind, key, month)
        WHERE draws FOR UPDATE OF tally SKIP LOCKED
    ), drawn AS (
        DELETE FROM posts_listtally WHERE id IN (SELECT id FROM free)
        RETURNING kind, key, month, count
    )
    INSERT INTO posts_listtally (kind, key, month, count)
    SELECT kind, key, month, sum(count)
    FROM (SELECT * FROM change UNION ALL SELECT * FROM drawn) AS tally
    GROUP BY kind, key, month HAVING sum(count) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER posts_listentry_insert_tallies AFTER INSERT ON posts_listentry
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION posts_tally_entries();
CREATE TRIGGER posts_listentry_delete_tallies AFTER DELETE ON posts_listentry
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION posts_tally_entries();
"""
LINK_TABLES = {"posts_taggedpost": "content_object_id", "posts_coauthor": "post_id"}
FORWARD = (
    TALLIES
    + LISTS
    + POSTS
    + "".join(LINKS.format(table=table, post=post) for table, post in LINK_TABLES.items())
    + "SELECT posts_relist(array_agg(id)) FROM posts_post;"
)
BACKWARD = "".join(
    f"DROP FUNCTION {table}_relists() CASCADE;" for table in LINK_TABLES
) + """
DROP FUNCTION posts_relist_post() CASCADE;
DROP FUNCTION posts_relist(bigint[]);
DROP FUNCTION posts_lists_of(bigint[]);
DROP FUNCTION posts_tally_entries() CASCADE;
DROP FUNCTION posts_month(timestamptz);
"""  # fmt: skip
KINDS = [('all', 'Every post'), ('author', 'Posts of an author, alone or with others'), ('tag', 'Posts of a topic')]


class Migration(migrations.Migration):
    """Lists that cost the same on their last page as on their first (see posts.listings)."""

    dependencies = [("posts", "0023_part_once")]

    operations = [
        migrations.CreateModel(
            name='ListTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=KINDS, max_length=6)),
                ('key', models.BigIntegerField()),
                ('month', models.PositiveIntegerField()),
                ('count', models.IntegerField()),
            ],
            options={
                'verbose_name_plural': 'list tallies',
                'indexes': [models.Index(fields=['kind', 'key', 'month'], include=('count',), name='posts_listtally_list')],
            },
        ),
        migrations.CreateModel(
            name='ListEntry',
            fields=[
                ('pk', models.CompositePrimaryKey('kind', 'key', 'published_at', 'post_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=KINDS, max_length=6)),
                ('key', models.BigIntegerField()),
                ('published_at', models.DateTimeField()),
                ('post', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='list_entries', to='posts.post')),
            ],
            options={
                'verbose_name_plural': 'list entries',
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['all', 'author', 'tag'])), name='posts_listentry_kind_known')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
