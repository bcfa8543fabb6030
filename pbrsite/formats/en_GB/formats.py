"""British dates, and the site's clock of twenty-four hours by its name, as lists and desk show."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i T"
