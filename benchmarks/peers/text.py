"""The reference figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.peers.measure import better, goals
from benchmarks.peers.systems import BY_NAME, OURS, SYSTEMS, System

BEGIN = "<!-- made by `python -m benchmarks.peers table` -->"
END = "<!-- end -->"
NOTHING = "–"
Reference = Mapping[str, Any]


def costs(reference: Reference) -> str:
    """Processor time a frame and its ratio to ours; then the goals."""
    part = reference["cost"]
    summed = part["systems"]
    lines = [
        "| | CPU ms a frame | times ours | on single clips | wanted | faces a look |",
        "|---|---|---|---|---|---|",
    ]
    for system in SYSTEMS:
        if system.name in summed:
            lines.append(_cost_row(system, summed[system.name]))
        elif system.name in part["missing"]:
            lines.append(f"| {system.title} | missing: {part['missing'][system.name]} | | | | |")
    lines += ["", f"{len(part['clips'])} clips, {part['rounds']} rounds, {part['machine']}."]
    lines += ["Median [quartiles] over the rounds of the mean over the clips."]
    if OURS in summed:
        share = f"{summed[OURS]['looked']:.0%}"
        lines.append(f"As shipped, faces were looked for on {share} of the frames.")
    return "\n".join(lines)


def _cost_row(system: System, found: Mapping[str, Any]) -> str:
    ratios = found["ratio_by_clip"].values()
    wanted = NOTHING if system.goal is None else f"{system.goal:g}"
    clips = f"{min(ratios):.1f} … {max(ratios):.1f}"
    cost, ratio = _spread(found["cpu_ms_per_frame"]), _spread(found["ratio"])
    return f"| {system.title} | {cost} | {ratio} | {clips} | {wanted} | {found['faces']:.2f} |"


def _spread(figures: Mapping[str, float]) -> str:
    return f"{figures['median']:.1f} [{figures['low']:.1f}, {figures['high']:.1f}]"


def accuracies(reference: Reference) -> str:
    """Age error, bands, gender of each system that answers differently."""
    part = reference["accuracy"]
    found = part["systems"]
    lines = [
        f"| on {part['data']} | found | age error, years | exact band | one off | gender "
        "| adults' gender | ours better |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for system in SYSTEMS:
        if system.name in found:
            lines.append(_accuracy_row(system, found[system.name], found[OURS]))
        elif system.name in part["missing"]:
            lines.append(f"| {system.title} | missing: {part['missing'][system.name]} |" + " |" * 6)
    return "\n".join(lines)


def _accuracy_row(system: System, row: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    verdict = "" if system.name == OURS else "yes" if better(ours, row) else "no"
    return (
        f"| {system.title} | {row['found']} of {row['of']} | {row['age_error_years']:.1f} "
        f"| {row['exact']:.2f} | {row['one_off']:.2f} | {row['gender']:.3f} "
        f"| {row['gender_adults']:.3f} | {verdict} |"
    )


def verdicts(reference: Reference) -> str:
    """A sentence a goal: reached, or by how much not."""
    lines = []
    for name, wanted, ratio in goals(SYSTEMS, reference["cost"]["systems"]):
        said = "reached" if ratio >= wanted else f"missed by a factor of {wanted / ratio:.2f}"
        lines.append(
            f"- {BY_NAME[name].title}: {ratio:.1f} times our cost; {wanted:g} times wanted: {said}."
        )
    return "\n".join(lines)


def whole(reference: Reference) -> str:
    """Everything that was measured."""
    parts = []
    if "cost" in reference:
        parts += [costs(reference), verdicts(reference)]
    if "accuracy" in reference:
        parts.append(accuracies(reference))
    return "\n\n".join(parts)


def put(page: Path, tables: str) -> None:
    """Replace what stands between the two marks of a page."""
    content = page.read_text()
    before, _, rest = content.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}")
