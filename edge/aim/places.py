"""Zones and lines as they are moved about with keys, until they are right enough to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from edge.config.people import Space
from edge.config.space_file import space_of

Spot = tuple[float, float]
USES = ("count", "include", "exclude")
STEP, FAR_STEP = 0.01, 0.05
CORNERS_MIN = {"zones": 3, "lines": 2}


@dataclass
class Place:
    """A zone by its corners, or a line by its ends, in fractions of the frame."""

    kind: Literal["zones", "lines"]
    name: str
    spots: list[Spot]
    more: dict[str, Any] = field(default_factory=dict)
    """The other keys of its table."""

    @property
    def use(self) -> str:
        """What a zone is for."""
        return str(self.more.get("use", USES[0]))

    def table(self) -> dict[str, Any]:
        """As the configuration has it."""
        spots: dict[str, Any] = (
            {"polygon": self.spots}
            if self.kind == "zones"
            else {"start": self.spots[0], "end": self.spots[1]}
        )
        return {"name": self.name} | spots | self.more


class Places:
    """All of them, the one that is chosen and its corner."""

    def __init__(self, space: Space) -> None:
        self.all = [
            *(Place("zones", zone.name, list(zone.polygon), {"use": zone.use})
              for zone in space.zones),
            *(Place("lines", line.name, [line.start, line.end], {
                "hysteresis": line.hysteresis, "angle_min_deg": line.angle_min_deg,
            }) for line in space.lines),
        ]  # fmt: skip
        self._chosen = self._corner = 0
        self.changed = False

    @property
    def chosen(self) -> Place | None:
        """The place that keys change."""
        return self.all[self._chosen] if self.all else None

    @property
    def corner(self) -> Spot | None:
        """Its corner that arrows move."""
        return self.chosen.spots[self._corner] if self.chosen else None

    def next_place(self) -> None:
        """Choose the next one."""
        self._chosen, self._corner = (self._chosen + 1) % max(len(self.all), 1), 0

    def next_corner(self) -> None:
        """Choose the next corner."""
        if self.chosen:
            self._corner = (self._corner + 1) % len(self.chosen.spots)

    def add(self, kind: Literal["zones", "lines"]) -> None:
        """A new one in the middle of the frame."""
        word = kind[:-1]
        names = {place.name for place in self.all if place.kind == kind}
        name = next(name for n in count(1) if (name := f"{word}_{n}") not in names)
        spots = (
            [(0.35, 0.35), (0.65, 0.35), (0.65, 0.65), (0.35, 0.65)]
            if kind == "zones"
            else [(0.5, 0.3), (0.5, 0.7)]
        )
        self.all.append(Place(kind, name, spots))
        self._chosen, self._corner, self.changed = len(self.all) - 1, 0, True

    def delete(self) -> None:
        """The chosen one is gone."""
        if self.all:
            del self.all[self._chosen]
            self._chosen, self._corner, self.changed = 0, 0, True

    def rename(self, name: str) -> None:
        """The chosen one's name; whether it may be called so, is told when it is written."""
        if self.chosen:
            self.chosen.name, self.changed = name, True

    def move(self, across: int, down: int, step: float) -> None:
        """The chosen corner, within the frame."""
        if self.chosen and self.corner:
            x, y = self.corner
            spot = _within(x + across * step), _within(y + down * step)
            self.chosen.spots[self._corner] = spot
            self.changed = True

    def more_corners(self) -> None:
        """One more, between the chosen corner of a zone and the next."""
        if self.chosen and self.chosen.kind == "zones":
            spots = self.chosen.spots
            one, other = spots[self._corner], spots[(self._corner + 1) % len(spots)]
            middle = round((one[0] + other[0]) / 2, 4), round((one[1] + other[1]) / 2, 4)
            self._corner += 1
            spots.insert(self._corner, middle)
            self.changed = True

    def fewer_corners(self) -> None:
        """The chosen corner is gone, where enough are left."""
        if self.chosen and len(self.chosen.spots) > CORNERS_MIN[self.chosen.kind]:
            del self.chosen.spots[self._corner]
            self._corner, self.changed = self._corner % len(self.chosen.spots), True

    def next_use(self) -> None:
        """What the chosen zone is for."""
        if self.chosen and self.chosen.kind == "zones":
            after = USES[(USES.index(self.chosen.use) + 1) % len(USES)]
            self.chosen.more["use"], self.changed = after, True

    def turn_round(self) -> None:
        """Which side of the chosen line is in."""
        if self.chosen and self.chosen.kind == "lines":
            self.chosen.spots.reverse()
            self.changed = True

    def space(self) -> Space:
        """As the configuration has them; ConfigError where they can't be."""
        space: dict[str, Any] = {"zones": [], "lines": []}
        for place in self.all:
            space[place.kind].append(place.table())
        return space_of(space)


def _within(share: float) -> float:
    return round(min(max(share, 0.0), 1.0), 4)
