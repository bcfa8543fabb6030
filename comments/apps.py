from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"

    def import_models(self) -> None:
        """Load the contacts and records too, which live apart from the comments on purpose."""
        super().import_models()
        from comments import contacts, records  # noqa: F401
