import comments.identities
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """People who proved their address, and the links that open what is kept about one."""

    dependencies = [
        ('comments', '0004_answered_comment'),
    ]

    operations = [
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(default=comments.identities.new_key, editable=False, max_length=22, unique=True)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('is_remembered', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('mailed_at', models.DateTimeField(null=True)),
                ('unanswered', models.PositiveSmallIntegerField(default=0)),
                ('muted_at', models.DateTimeField(null=True)),
                ('rejected_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name_plural': 'identities',
                'constraints': [models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower(models.F('email')))), name='comments_identity_lower_case')],
            },
        ),
        migrations.AddField(
            model_name='commentcontact',
            name='proven_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='PersonalLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254)),
                ('asked_at', models.DateTimeField(db_index=True)),
                ('mailed_at', models.DateTimeField(null=True)),
                ('digest', models.CharField(max_length=64, null=True, unique=True)),
            ],
        ),
    ]
