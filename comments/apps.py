from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"

    def import_models(self) -> None:
        """Load the others too, which live apart from the comments on purpose."""
        super().import_models()
        from comments import contacts, identities, records, replies  # noqa: F401
