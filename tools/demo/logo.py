"""The company's logo, drawn: a north star over the water beside the name."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageDraw, ImageFont

NIGHT = (16, 42, 67)
LIGHT = (46, 158, 143)
SCALE = 4
"""Drawn four times as large and reduced, which smooths the edges."""


def draw_logo(*, width: int = 420, height: int = 120) -> bytes:
    """PNG bytes of the logo, `width` × `height` pixels."""
    image = Image.new("RGB", (width * SCALE, height * SCALE), "white")
    canvas = ImageDraw.Draw(image)
    centre, radius = (height * SCALE // 2, height * SCALE * 9 // 20), height * SCALE * 2 // 5
    canvas.polygon(_star(centre, radius, radius * 0.30, turn=0.0), fill=NIGHT)
    canvas.polygon(_star(centre, radius * 0.62, radius * 0.22, turn=math.pi / 4), fill=LIGHT)
    for wave in range(2):
        top = height * SCALE * (84 + 7 * wave) // 100
        canvas.line(_wave(centre[0], top, radius), fill=LIGHT, width=2 * SCALE)
    left = height * SCALE + 8 * SCALE
    canvas.text((left, 26 * SCALE), "NORDLICHT", font=ImageFont.load_default(size=40 * SCALE), fill=NIGHT)
    canvas.text((left, 74 * SCALE), "Hamburg · since 1987", font=ImageFont.load_default(size=18 * SCALE), fill=LIGHT)
    png = io.BytesIO()
    image.resize((width, height), Image.Resampling.LANCZOS).save(png, format="PNG", optimize=True)
    return png.getvalue()


def _star(centre: tuple[int, int], outer: float, inner: float, *, turn: float) -> list[tuple[float, float]]:
    points = []
    for corner in range(8):
        reach = outer if corner % 2 == 0 else inner
        angle = turn + corner * math.pi / 4 - math.pi / 2
        points.append((centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle)))
    return points


def _wave(middle: int, top: int, half_width: int) -> list[tuple[float, float]]:
    return [(middle + x, top + 3 * SCALE * math.sin(x / (5.0 * SCALE))) for x in range(-half_width, half_width, SCALE)]
