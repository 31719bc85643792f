"""A box of latitudes and longitudes as people ask for it: any of its edges, longitudes from -180 or up to 360."""

from __future__ import annotations

from dataclasses import dataclass

from gwkeras.core.errors import BadInput


@dataclass(frozen=True)
class Edges:
    """Edges of a box, degrees; None where an edge is not asked for.

    Args:
        south: of the box.
        north: of the box.
        west: -180 … 360.
        east: -180 … 360.
    """

    south: float | None = None
    north: float | None = None
    west: float | None = None
    east: float | None = None

    @property
    def given(self) -> bool:
        """Whether any edge is asked for."""
        return any(edge is not None for edge in (self.south, self.north, self.west, self.east))

    def checked(self) -> Edges:
        """The same with longitudes in -180 … 180.

        Raises: BadInput: an edge that is none, edges exchanged, or a box across the dateline.
        """
        for name, edge, low, high in (
            ("--south", self.south, -90, 90),
            ("--north", self.north, -90, 90),
            ("--west", self.west, -180, 360),
            ("--east", self.east, -180, 360),
        ):
            if edge is not None and not low <= edge <= high:
                raise BadInput(name, expected=f"degrees from {low} to {high}", found=f"{edge:g}", remedy="correct it")
        if self.south is not None and self.north is not None and self.south >= self.north:
            raise BadInput(
                "--south and --north",
                expected="the southern edge below the northern one",
                found=f"{self.south:g} and {self.north:g}",
                remedy="exchange them",
            )
        if self.west is not None and self.east is not None and self.east - self.west >= 360.0:
            return Edges(self.south, self.north, -180.0, 180.0)
        west = None if self.west is None else (self.west + 180.0) % 360.0 - 180.0
        east = None if self.east is None else 180.0 - (180.0 - self.east) % 360.0
        if west is not None and east is not None and west >= east:
            raise BadInput(
                "--west and --east",
                expected="a western edge below the eastern one, in a box that does not cross the dateline",
                found=f"{self.west:g} and {self.east:g}",
                remedy="exchange them, or work on the two sides of the dateline one after the other",
            )
        return Edges(self.south, self.north, west, east)


def describe_box(south: float, north: float, west: float, east: float) -> str:
    """'2°N … 20°S, 85°W … 65°W', for messages."""
    return f"{_latitude(north)} … {_latitude(south)}, {_longitude(west)} … {_longitude(east)}"


def describe_place(lat: float, lon: float) -> str:
    """Where a point lies, in words of both halves of the globe.

    >>> describe_place(-16.96, -47.83)
    '16.96°S 47.83°W'
    """
    return f"{_latitude(lat)} {_longitude(lon)}"


def _latitude(degrees: float) -> str:
    return _degrees(degrees, "N", "S")


def _longitude(degrees: float) -> str:
    return _degrees(degrees, "E", "W")


def _degrees(degrees: float, positive: str, negative: str) -> str:
    number = round(degrees, 4)
    return f"{abs(number):g}°{positive if number > 0 else negative if number < 0 else ''}"
