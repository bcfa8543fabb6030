from django.db import migrations, models


class Migration(migrations.Migration):
    """How strict the publish gate is."""

    dependencies = [("posts", "0020_created_by")]

    operations = [
        migrations.CreateModel(
            name='GateRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(error_messages={'unique': 'This rule has a level already: change it in the list.'}, max_length=40, unique=True)),
                ('level', models.CharField(choices=[('block', 'Stops publishing'), ('warn', 'Warns'), ('off', 'Is not asked')], max_length=5)),
            ],
            options={
                'ordering': ['rule'],
                'constraints': [models.CheckConstraint(condition=models.Q(('level__in', ['block', 'warn', 'off'])), name='posts_gaterule_level_known')],
            },
        ),
    ]
