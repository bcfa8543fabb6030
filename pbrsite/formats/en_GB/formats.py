"""British dates with a clock of twenty-four hours, as the lists and the desk show them."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
