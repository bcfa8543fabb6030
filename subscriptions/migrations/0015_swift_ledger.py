"""The ledger's rows change without touching an index while they are sent.

`next_at` stands only while a delivery waits, and the columns and conditions of the indexes hold
nothing that changes when an attempt is opened or closed. Half of each page is left free for the
new versions of its rows; what is there already stays as it lies.
"""

from django.db import migrations, models

OLD_CHECKS = ("state_known", "claim_has_worker", "waiting_has_time")
FINAL = ["sent", "rejected", "unknown", "cancelled", "suppressed", "expired"]


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0014_relay_rests")]

    operations = [
        migrations.RemoveIndex("delivery", "subscriptions_delivery_due"),
        migrations.RemoveIndex("delivery", "subscriptions_delivery_open"),
        migrations.RemoveIndex("delivery", "subscriptions_delivery_failed"),
        *[
            migrations.RemoveConstraint("delivery", f"subscriptions_delivery_{rule}")
            for rule in OLD_CHECKS
        ],
        migrations.RunSQL(
            "UPDATE subscriptions_delivery SET next_at = NULL "
            "WHERE next_at IS NOT NULL AND state NOT IN ('pending', 'retry')",
            "UPDATE subscriptions_delivery SET next_at = at WHERE state = 'claimed'",
        ),
        migrations.RunSQL(
            "ALTER TABLE subscriptions_delivery SET (fillfactor = 50)",
            "ALTER TABLE subscriptions_delivery RESET (fillfactor)",
        ),
        migrations.AddField(
            "delivery",
            "failed_at",
            models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(state__in=["unknown", "expired", "rejected"], then=models.F("at"))
                ),
                output_field=models.DateTimeField(null=True),
            ),
        ),
        migrations.AlterField(
            "delivery", "worker", models.IntegerField(blank=True, null=True)
        ),
        migrations.AlterField("delivery", "attempt", models.SmallIntegerField(default=0)),
        migrations.AlterField(
            "delivery",
            "issue",
            models.ForeignKey(
                db_index=False, on_delete=models.deletion.CASCADE, related_name="deliveries",
                to="subscriptions.issue",
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["next_at", "id"], name="subscriptions_delivery_due",
                condition=models.Q(next_at__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["failed_at"], name="subscriptions_delivery_failed",
                condition=models.Q(failed_at__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(
                name="subscriptions_delivery_state_has_its_columns",
                condition=models.Q(
                    state__in=["pending", "retry"], worker=None, next_at__isnull=False
                )
                | models.Q(state__in=["claimed", "sending"], worker__isnull=False, next_at=None)
                | models.Q(state__in=FINAL, worker=None, next_at=None),
            ),
        ),
    ]  # fmt: skip
