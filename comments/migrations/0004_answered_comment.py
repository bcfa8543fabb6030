import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What an answer answers where it stands beside it: whom to tell of the reply."""

    dependencies = [
        ('comments', '0003_content_triggers'),
    ]

    operations = [
        migrations.AddField(
            model_name='comment',
            name='answered',
            field=models.ForeignKey(blank=True, editable=False, help_text='Where the third level is full: what this answers, which stands beside it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='comments.comment'),
        ),
    ]
