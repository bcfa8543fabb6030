from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"

    def import_models(self) -> None:
        """Load the tables too that live apart from the comments on purpose."""
        super().import_models()
        from comments import (  # noqa: F401
            contacts,
            identities,
            lessons,
            records,
            replies,
            rulesets,
        )

    def ready(self) -> None:
        """Add the spam rules to the admin; the moderation desk's own module stays apart."""
        from comments import pipelineadmin  # noqa: F401
