"""The committed references as the table with which docs/counting.md opens."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.footage.reference import Tables
from benchmarks.footage.score import Row

SCENES = {
    "nobody": "nobody: animals, backs, cars, rooms",
    "one": "one person",
    "several": "several, up to a dance and a stream of commuters",
    "all": "all, with two clips of jump cuts and of a swung hammer",
}


def in_markdown(tables: Tables, preset: str = "far") -> str:
    """People counted and error by kind of scene and looks a second."""
    chosen = {title.split()[-1]: rows for title, rows in tables.items() if title.startswith(preset)}
    head = " | ".join(f"{fps} looks/s" for fps in chosen)
    lines = [f"| clips | people | {head} |", "|---" * (len(chosen) + 2) + "|"]
    first, *_ = chosen.values()
    for name, words in SCENES.items():
        (one,) = (row for row in first if row.clip == name)
        cells = " | ".join(_cell(name, rows) for rows in chosen.values())
        lines.append(f"| {one.clips}: {words} | {_people(one)} | {cells} |")
    return "\n".join(lines) + "\n\n" + " ".join(_sentences(chosen)) + "\n"


def _people(row: Row) -> str:
    most = row.sure + row.unsure
    return f"{row.sure} … {most}" if most > row.sure else f"{row.sure}"


def _cell(name: str, rows: list[Row]) -> str:
    (row,) = (row for row in rows if row.clip == name)
    parts = [f"{row.people} counted"]
    parts += [f"{row.missed} missed"] * bool(row.missed)
    parts += [f"{row.doubled} too many"] * bool(row.doubled)
    return ", ".join(parts)


def _sentences(chosen: dict[str, list[Row]]) -> Iterator[str]:
    people = {fps: rows[-1].people for fps, rows in chosen.items()}
    apart = 1 - min(people.values()) / max(people.values())
    yield f"The sums of people at these rates are {apart:.0%} apart."
    told, asked, wrong = _sums(chosen, "sex_told", "sex_asked", "sex_wrong")
    yield (
        f"Where a clip leaves no doubt about sex, {told / asked:.0%} of visits were told one, and "
        f"of those {1 - wrong / told:.0%} the right one."
    )
    told, wrong = _sums(chosen, "age_asked", "age_wrong")
    if told:
        yield (
            f"Of the ages that were told, {wrong / told:.0%} at least were wrong as to under 18, "
            "18 to 59, or 60 and over: nobody on their clip looks of that age."
        )


def _sums(chosen: dict[str, list[Row]], *figures: str) -> Iterator[int]:
    """Figures of all clips, added up over the rates."""
    return (sum(getattr(rows[-1], name) for rows in chosen.values()) for name in figures)
