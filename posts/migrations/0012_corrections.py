import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# What the notices say about their post is stored beside it, and cannot be wrong: each change of a
# notice writes it, and a post saved from old memory (or restored) has it written anew.
FORWARD = """
CREATE FUNCTION posts_note_corrections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT max(noted_at), coalesce(bool_or(kind = 'retraction'), false)
    INTO NEW.corrected_at, NEW.is_retracted FROM posts_correction WHERE post_id = NEW.id;
    RETURN NEW;
END $$;
CREATE TRIGGER posts_post_notes_corrections BEFORE UPDATE ON posts_post
FOR EACH ROW WHEN ((OLD.corrected_at, OLD.is_retracted)
    IS DISTINCT FROM (NEW.corrected_at, NEW.is_retracted))
EXECUTE FUNCTION posts_note_corrections();
CREATE TRIGGER posts_post_begins_uncorrected BEFORE INSERT ON posts_post
FOR EACH ROW WHEN (NEW.corrected_at IS NOT NULL OR NEW.is_retracted)
EXECUTE FUNCTION posts_note_corrections();

CREATE FUNCTION posts_tell_corrections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Any other value calls the trigger above, which finds the right one.
    UPDATE posts_post SET corrected_at = '-infinity' WHERE id IN (OLD.post_id, NEW.post_id);
    RETURN NULL;
END $$;
CREATE TRIGGER posts_correction_is_told AFTER INSERT OR UPDATE OR DELETE ON posts_correction
FOR EACH ROW EXECUTE FUNCTION posts_tell_corrections();

CREATE CONSTRAINT TRIGGER posts_correction_renews_content
AFTER INSERT OR UPDATE OR DELETE ON posts_correction
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_content();
"""
BACKWARD = """
DROP TRIGGER posts_correction_renews_content ON posts_correction;
DROP TRIGGER posts_correction_is_told ON posts_correction;
DROP TRIGGER posts_post_notes_corrections ON posts_post;
DROP TRIGGER posts_post_begins_uncorrected ON posts_post;
DROP FUNCTION posts_tell_corrections();
DROP FUNCTION posts_note_corrections();
"""


class Migration(migrations.Migration):
    """Public notices on posts, and the dates they give."""

    dependencies = [
        ("posts", "0011_missing_pages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='corrected_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='post',
            name='is_retracted',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AlterField(
            model_name='post',
            name='revised_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='date of last real change'),
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('correction', 'Correction'), ('update', 'Update'), ('retraction', 'Retraction')], default='correction', max_length=10)),
                ('text', models.TextField(help_text='What was wrong and what is right, or what is new. Plain text; a full https:// address becomes a link.', validators=[django.core.validators.MaxLengthValidator(2000)])),
                ('noted_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date')),
                ('noted_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='posts.post')),
            ],
            options={
                'ordering': ['-noted_at', '-pk'],
                'indexes': [models.Index(fields=['-noted_at', '-id'], name='posts_correction_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['correction', 'update', 'retraction'])), name='posts_correction_kind_known'), models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='posts_correction_says_something')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
