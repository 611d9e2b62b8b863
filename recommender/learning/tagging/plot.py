"""The reliability plot: what was said with which confidence, and how often it was true."""

from __future__ import annotations

from recommender.learning.tagging.scores import Reliability

SIDE, EDGE = 320, 46


def reliability_svg(bins: tuple[Reliability, ...]) -> str:
    """Return an SVG of said against true; the area of a dot grows with how often that was said."""
    most = max(bin_.n for bin_ in bins)
    dots = "\n".join(
        f'<circle cx="{_x(bin_.said):.1f}" cy="{_y(bin_.true):.1f}" r="{3 + 7 * (bin_.n / most) ** 0.5:.1f}">'
        f"<title>said {bin_.said:.2f}, true {bin_.true:.2f}, {bin_.n} times</title></circle>"
        for bin_ in bins
    )
    path = " ".join(f"{_x(bin_.said):.1f},{_y(bin_.true):.1f}" for bin_ in bins)
    ticks = "\n".join(
        f'<text x="{_x(at)}" y="{_y(0) + 18}" text-anchor="middle">{at:g}</text>'
        f'<text x="{_x(0) - 8}" y="{_y(at) + 4}" text-anchor="end">{at:g}</text>'
        for at in (0, 0.25, 0.5, 0.75, 1)
    )
    size = SIDE + 2 * EDGE
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" \
font-family="sans-serif" font-size="12" role="img">
<title>Confidence of the tagger against how often it was right, from cross-validation</title>
<rect width="{size}" height="{size}" fill="#fff"/>
<rect x="{EDGE}" y="{EDGE}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>
<path d="M{_x(0)} {_y(0)} L{_x(1)} {_y(1)}" stroke="#999" stroke-dasharray="4 4"/>
<polyline points="{path}" fill="none" stroke="#a3324a"/>
<g fill="#a3324a" fill-opacity="0.7">
{dots}
</g>
{ticks}
<text x="{size / 2:g}" y="{size - 8}" text-anchor="middle">said: confidence</text>
<text x="14" y="{size / 2:g}" text-anchor="middle" transform="rotate(-90 14 {size / 2:g})">true: share</text>
</svg>
"""


def _x(share: float) -> float:
    return EDGE + SIDE * share


def _y(share: float) -> float:
    return EDGE + SIDE * (1 - share)
