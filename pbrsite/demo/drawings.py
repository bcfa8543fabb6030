"""The explanatory drawings of the demo archive, each made afresh at 1600 by 900.

Everything is drawn at twice the size and scaled down once, so that edges come out smooth.
"""

from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, MARGIN = 1600, 900, 100
OVERSAMPLING = 2
PAPER, INK, ACCENT = "#fbfaf6", "#1c1b18", "#7a1f2b"
GREY, PALE, TINT = "#6b6963", "#dedbd1", "#efece3"
SMALL, BODY, LARGE, TITLE = 34, 38, 48, 62

Point = tuple[float, float]


class Sheet:
    """A sheet of paper measured in final pixels."""

    def __init__(self, title: str, subtitle: str) -> None:
        size = (WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING)
        self.image = Image.new("RGB", size, PAPER)
        self.pen = ImageDraw.Draw(self.image)
        self.box((MARGIN, 78), (MARGIN + 96, 86), fill=ACCENT)
        self.text((MARGIN, 104), title, TITLE)
        self.text((MARGIN, 184), subtitle, BODY, GREY)

    def text(
        self, at: Point, words: str, size: int = SMALL, fill: str = INK, anchor: str = "la"
    ) -> None:
        """Write one or more lines; the anchor is Pillow's two-letter code."""
        font = ImageFont.load_default(size=size * OVERSAMPLING)
        x, y = _scaled(at)
        step = round(size * 1.28 * OVERSAMPLING)
        for number, line in enumerate(words.split("\n")):
            self.pen.text((x, y + number * step), line, font=font, fill=fill, anchor=anchor)

    def box(
        self,
        start: Point,
        end: Point,
        *,
        fill: str | None = None,
        outline: str | None = None,
        radius: int = 0,
    ) -> None:
        corners = (*_scaled(start), *_scaled(end))
        self.pen.rounded_rectangle(
            corners, radius * OVERSAMPLING, fill=fill, outline=outline, width=3 * OVERSAMPLING
        )

    def line(self, *points: Point, fill: str = INK, width: int = 4) -> None:
        path = [_scaled(point) for point in points]
        self.pen.line(path, fill=fill, width=width * OVERSAMPLING, joint="curve")

    def dot(self, centre: Point, radius: int, fill: str = INK) -> None:
        self.pen.circle(_scaled(centre), radius * OVERSAMPLING, fill=fill)

    def arrow(self, *points: Point, fill: str = INK, width: int = 5) -> None:
        """A path of horizontal and vertical strokes with a head at its end."""
        (x0, y0), (x1, y1) = points[-2:]
        dx, dy = _direction(x1 - x0), _direction(y1 - y0)
        back = (x1 - 20 * dx, y1 - 20 * dy)
        self.line(*points[:-1], back, fill=fill, width=width)
        head = [
            (x1, y1),
            (back[0] - 13 * dy, back[1] - 13 * dx),
            (back[0] + 13 * dy, back[1] + 13 * dx),
        ]
        self.pen.polygon([_scaled(point) for point in head], fill=fill)

    def finished(self) -> Image.Image:
        return self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def contract_flow() -> Image.Image:
    """Who pays whom, and when, in a payment by results contract."""
    sheet = Sheet("Payment by results in outline", "The work comes first, the larger payment last")
    boxes = (
        ((MARGIN, 330), "Commissioner", "wants a change"),
        ((635, 330), "Provider", "decides how"),
        ((1170, 330), "People", "live their lives"),
        ((635, 650), "Result", "in a fair comparison"),
    )
    for corner, name, note in boxes:
        _labelled_box(sheet, corner, name, note)
    sheet.arrow((434, 368), (631, 368))
    sheet.text((530, 354), "fee now", anchor="ms")
    sheet.arrow((434, 430), (631, 430), fill=ACCENT, width=7)
    sheet.text((530, 482), "more, if\nit worked", fill=ACCENT, anchor="ms")
    sheet.arrow((969, 405), (1166, 405))
    sheet.text((1065, 391), "help", anchor="ms")
    sheet.arrow((1335, 484), (1335, 725), (969, 725))
    sheet.text((1152, 711), "what changed?", anchor="ms")
    sheet.arrow((631, 725), (265, 725), (265, 484))
    sheet.text((448, 711), "proof, or none", anchor="ms")
    return sheet.finished()


def peterborough_timeline() -> Image.Image:
    """From the launch of the bond to the final reckoning, to scale."""
    sheet = Sheet("Peterborough: six years of one bond", "Two groups of a thousand men, not three")
    for year in range(2010, 2017):
        _year(sheet, year)
    above = (
        (2010.69, "September 2010\n17 investors,\nwork begins", INK, "l"),
        (2013.45, "June 2013\nfirst interim\nfigures", INK, "m"),
        (2014.60, "August 2014\nfirst result:\n8.4% fewer", ACCENT, "m"),
        (2016.50, "2016\nthe final\nreckoning", INK, "m"),
    )
    below = (
        (2012.50, "Summer 2012\nfirst cohort closes,\nsecond begins", INK, "m"),
        (2014.31, "April 2014\nthird cohort\ndropped", ACCENT, "m"),
        (2015.46, "June 2015\nbond pays for\nits last support", INK, "m"),
    )
    for when, words, colour, side in above:
        _event(sheet, when, words, colour, (508, 460, 348), side)
    for when, words, colour, side in below:
        _event(sheet, when, words, colour, (592, 640, 680), side)
    return sheet.finished()


def peterborough_cohort_one() -> Image.Image:
    """Two bars for the result, one scale for what it was worth."""
    sheet = Sheet(
        "Peterborough: the first cohort",
        "Reconviction events per 100 men in the year after release",
    )
    _bar(sheet, 276, "Similar men, other prisons", 155, PALE, INK)
    _bar(sheet, 426, "Peterborough", 142, ACCENT, PAPER)
    _payment_scale(sheet)
    return sheet.finished()


def twenty_one_areas() -> Image.Image:
    """The contract areas in four groups, set in two columns."""
    sheet = Sheet(
        "Twenty-one companies from 1 June 2014",
        "The areas of the community rehabilitation companies",
    )
    number = 1
    for left, groups in ((MARGIN, AREAS[:2]), (850, AREAS[2:])):
        top = 264.0
        for heading, names in groups:
            top, number = _area_group(sheet, (left, top), heading, names, number)
    return sheet.finished()


AREAS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "The North",
        (
            "Northumbria",
            "Cumbria and Lancashire",
            "Durham Tees Valley",
            "Humberside, Lincs and N Yorkshire",
            "West Yorkshire",
            "Cheshire and Greater Manchester",
            "Merseyside",
            "South Yorkshire",
        ),
    ),
    (
        "Wales and the South West",
        (
            "Wales",
            "Bristol, Glos, Somerset and Wilts",
            "Dorset, Devon and Cornwall",
        ),
    ),
    (
        "The Midlands and the East",
        (
            "Staffordshire and West Midlands",
            "Derbys, Leics, Notts and Rutland",
            "Warwickshire and West Mercia",
            "Beds, Northants, Cambs and Herts",
            "Norfolk and Suffolk",
            "Essex",
        ),
    ),
    (
        "London and the South East",
        (
            "London",
            "Thames Valley",
            "Hampshire and Isle of Wight",
            "Kent, Surrey and Sussex",
        ),
    ),
)


def _labelled_box(sheet: Sheet, corner: Point, name: str, note: str) -> None:
    x, y = corner
    sheet.box(corner, (x + 330, y + 150), fill=TINT, outline=PALE, radius=10)
    sheet.text((x + 165, y + 64), name, 44, anchor="ms")
    sheet.text((x + 165, y + 116), note, fill=GREY, anchor="ms")


def _year(sheet: Sheet, year: int) -> None:
    start, end = max(_year_x(year), MARGIN), min(_year_x(year + 1), WIDTH - MARGIN)
    sheet.box((start, 512), (end, 588), fill=TINT if year % 2 else PALE)
    if end - start > 100:
        sheet.text(((start + end) / 2, 550), str(year), fill=GREY, anchor="mm")


def _event(
    sheet: Sheet,
    when: float,
    words: str,
    colour: str,
    heights: tuple[float, float, float],
    side: str,
) -> None:
    """A stem from the band to its label; heights are the dot, the stem's end and the first line."""
    x = _year_x(when)
    band, stem, first_line = heights
    sheet.line((x, band), (x, stem), fill=colour)
    sheet.dot((x, band), 11, colour)
    sheet.text((x, first_line), words, fill=colour, anchor=f"{side}s")


def _bar(sheet: Sheet, top: float, label: str, value: int, fill: str, ink: str) -> None:
    end = MARGIN + (WIDTH - 2 * MARGIN) * value / 160
    sheet.text((MARGIN, top), label)
    sheet.box((MARGIN, top + 48), (end, top + 118), fill=fill)
    sheet.text((end - 24, top + 84), str(value), LARGE, ink, "rm")


def _payment_scale(sheet: Sheet) -> None:
    """Where 8.4 per cent falls between the two thresholds of the contract."""
    sheet.text((MARGIN, 598), "The reduction, and what the contract paid for", BODY, GREY)
    sheet.line((MARGIN, 720), (WIDTH - MARGIN, 720), fill=PALE, width=10)
    for percent, words, anchor in (
        (0.0, "0", "ls"),
        (7.5, "7.5%", "ms"),
        (10.0, "10%", "ms"),
    ):
        x = _percent_x(percent)
        sheet.line((x, 702), (x, 738), fill=GREY, width=4)
        sheet.text((x, 690), words, fill=GREY, anchor=anchor)
    sheet.text(
        (_percent_x(7.5) - 40, 786),
        "paid in 2016, if both\ncohorts together reach it",
        fill=GREY,
        anchor="rs",
    )
    sheet.text((_percent_x(10.0), 786), "paid at once", fill=GREY, anchor="ms")
    x = _percent_x(8.4)
    sheet.line((MARGIN, 720), (x, 720), fill=ACCENT, width=10)
    sheet.dot((x, 720), 17, ACCENT)
    sheet.text((x, 690), "8.4%", LARGE, ACCENT, "ms")


def _area_group(
    sheet: Sheet, at: Point, heading: str, names: tuple[str, ...], number: int
) -> tuple[float, int]:
    """Write one group; where the next begins, and with which number."""
    x, y = at
    sheet.text((x, y), heading, SMALL, ACCENT)
    sheet.line((x, y + 47), (x + 650, y + 47), fill=PALE, width=2)
    y += 10
    for name in names:
        y += 42
        sheet.text((x + 44, y), str(number), fill=GREY, anchor="ra")
        sheet.text((x + 62, y), name)
        number += 1
    return y + 57, number


def _year_x(year: float) -> float:
    return MARGIN + (year - 2010.5) * (WIDTH - 2 * MARGIN) / 6.5


def _percent_x(percent: float) -> float:
    return MARGIN + percent * (WIDTH - 2 * MARGIN) / 12


def _scaled(point: Point) -> Point:
    return point[0] * OVERSAMPLING, point[1] * OVERSAMPLING


def _direction(distance: float) -> int:
    return (distance > 0) - (distance < 0)


DRAWINGS: dict[str, Callable[[], Image.Image]] = {
    "contract-flow": contract_flow,
    "peterborough-cohort-one": peterborough_cohort_one,
    "peterborough-timeline": peterborough_timeline,
    "twenty-one-areas": twenty_one_areas,
}
