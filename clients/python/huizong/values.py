"""Values of cells: what Python has for them, and what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Union

from .v1 import cell_pb2


class _NotApplicable:
    """The mark 不适用."""

    def __repr__(self) -> str:
        return "NOT_APPLICABLE"


NOT_APPLICABLE: Final = _NotApplicable()

#: A count, an amount in 万元, blank, or not applicable. An amount is a Decimal: a float is no exact number.
Cell = Union[int, Decimal, None, _NotApplicable]


def to_wire(value: Cell) -> cell_pb2.CellValue | None:
    """What is sent; None stands for blank, which is not zero."""
    if value is None:
        return None
    if isinstance(value, _NotApplicable):
        return cell_pb2.CellValue(not_applicable=True)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise TypeError(f"{value!r} is no int, Decimal, None or NOT_APPLICABLE")
    if isinstance(value, int):
        return cell_pb2.CellValue(count=value)
    return cell_pb2.CellValue(amount_wan_yuan=format(value, "f"))


def filled(cells: Mapping[str, Cell]) -> list[cell_pb2.FilledCell]:
    """Cells by their paths, such as "requests.received.total"."""
    return [cell_pb2.FilledCell(cell=path, value=to_wire(value)) for path, value in cells.items()]


def from_wire(value: cell_pb2.CellValue) -> Cell:
    """What was answered."""
    kind = value.WhichOneof("value")
    if kind == "count":
        return value.count
    if kind == "amount_wan_yuan":
        return Decimal(value.amount_wan_yuan)
    return NOT_APPLICABLE if kind == "not_applicable" else None
