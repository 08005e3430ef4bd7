# SPDX-License-Identifier: ISC
"""The picture of tests/bench/boot-timeline: two lanes, one for each way to register, as SVG that
needs nothing else."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 840, 344
LEFT, RIGHT = 28, WIDTH - 28
AGENT_LABEL = 170  # about as wide as it gets
INK, PALE_INK, LINE, STAGE, AGENT, ASKED = (
    "#1f2328",
    "#59636e",
    "#d1d9e0",
    "#dfe7f1",
    "#1a7f37",
    "#0969da",
)
LANES = {"unit": "agent-register.service, with what write_files brought",
         "runcmd": "runcmd: register, then start the agent"}
STAGES = {"init": "init (write_files)", "config": "config", "final": "final (runcmd)"}


def text(x, y, words, size=13, fill=INK, anchor="start", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
        f'font-weight="{weight}" stroke="#ffffff" stroke-width="4" '
        f'paint-order="stroke">{escape(words)}</text>'
    )


def rectangle(x, y, width, height, fill, radius=3):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height}" '
            f'rx="{radius}" fill="{fill}"/>')


class Scale:
    """Milliseconds to the right."""

    def __init__(self, longest):
        self.step = next(
            step for step in (50, 100, 200, 250, 500, 1000, 2000) if longest / step <= 9
        )
        self.end = math.ceil(longest / self.step) * self.step

    def __call__(self, milliseconds):
        return LEFT + (RIGHT - LEFT) * milliseconds / self.end

    def axis(self, top, bottom):
        for tick in range(0, self.end + 1, self.step):
            x = self(tick)
            anchor = "start" if tick == 0 else "end" if tick == self.end else "middle"
            yield f'<path d="M{x:.1f} {top}V{bottom}" stroke="{LINE}"/>'
            yield text(x, bottom + 17, "0: route up" if tick == 0 else f"{tick} ms", 12, PALE_INK,
                       anchor)


def lane(scale, top, title, moments):
    """cloud-init's stages above, and below what they mean for the agent."""
    yield text(LEFT, top, title, 15, weight="600")
    for stage, name in STAGES.items():
        begin = max(moments[stage + " begins"], 0)
        left, right = scale(begin), min(scale(moments[stage + " ends"]), RIGHT)
        yield rectangle(left, top + 12, right - left - 1, 20, STAGE)
        yield text(left + 6, top + 26, name, 12, PALE_INK).replace(
            ' stroke="#ffffff"', f' stroke="{STAGE}"'
        )
    y, asked, started = top + 54, scale(moments["registered"]), scale(moments["agent"])
    yield (f'<path d="M{scale(0):.1f} {y}H{started:.1f}" stroke="{PALE_INK}" stroke-width="2" '
           f'stroke-dasharray="2 4"/>')
    yield rectangle(started, y - 5, RIGHT - started, 10, AGENT, 2)
    yield (f'<circle cx="{asked:.1f}" cy="{y}" r="5" fill="#ffffff" stroke="{ASKED}" '
           f'stroke-width="3"/>')
    yield f'<path d="M{started - 1:.1f} {y - 10}V{y + 10}" stroke="{AGENT}" stroke-width="4"/>'
    # The two are close together: one label to the left of its mark and one to the right, as far as
    # there is room.
    agent_left = min(started, RIGHT - AGENT_LABEL)
    yield text(min(asked - 10, agent_left - 12), y + 24,
               f"registered {moments['registered']:.0f} ms", fill=ASKED, anchor="end")
    yield text(agent_left, y + 24, f"agent started {moments['agent']:.0f} ms", fill=AGENT,
               weight="600")


def draw(medians, rounds, version):
    """The SVG. `medians` has, for each lane, the moments in milliseconds after the route was up."""
    unit, runcmd = medians["unit"]["agent"], medians["runcmd"]["agent"]
    scale = Scale(max(lane_medians["final ends"] for lane_medians in medians.values()))
    title = f"First boot with cloud-init: the agent starts {runcmd / unit:.1f} times earlier"
    description = (
        f"Milliseconds after the default route came up. With agent-register.service the agent "
        f"starts after "
        f"{unit:.0f} ms, registered by runcmd after {runcmd:.0f} ms. Medians of {rounds} first "
        f"boots each."
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" '
        'aria-labelledby="title description" font-family="system-ui, -apple-system, \'Segoe UI\', '
        '\'DejaVu Sans\', sans-serif">',
        "<!-- Made by tests/bench/boot-timeline; do not edit. -->",
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(description)}</desc>',
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8" fill="#ffffff" '
        f'stroke="{LINE}"/>',
        text(LEFT, 34, title, 18, weight="600"),
        text(
            LEFT,
            55,
            f"Median of {rounds} first boots each; cloud-init {version} and systemd in "
            f"systemd-nspawn; grey: "
            "cloud-init's stages",
            12,
            PALE_INK,
        ),
        *scale.axis(74, HEIGHT - 36),
    ]
    for top, (way, name) in zip((98, 210), LANES.items()):
        parts += lane(scale, top, name, medians[way])
    return "\n".join([*parts, "</svg>"]) + "\n"
