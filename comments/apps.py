from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"

    def import_models(self) -> None:
        """Load the tables too that live apart from the comments on purpose."""
        super().import_models()
        from comments import contacts, lessons, records, rulesets  # noqa: F401
