"""Quotes as read, before cleaning: plain columns of numbers with the row of the file each came from."""

from typing import NamedTuple

from marketdata.quotes import Floats, Ints, Mask


class RawQuotes(NamedTuple):
    """Columns of equal length. `time_msc` is on the file's clock [ms]; a price that is not known is NaN.

    `fields` holds what the file has of bid, ask, last, volume, volume_real, flags or of open, high, low, close,
    ask_close, tick_volume, spread [points], real_volume; `rows` are row numbers in the file, `decimals` what its text
    shows of every price.
    """

    time_msc: Ints
    fields: dict[str, Floats]
    rows: Ints
    decimals: int | None = None

    def kept(self, which: Mask | Ints) -> "RawQuotes":
        """The rows that `which` selects, in its order."""
        fields = {name: values[which] for name, values in self.fields.items()}
        return self._replace(time_msc=self.time_msc[which], fields=fields, rows=self.rows[which])

    def with_fields(self, **fields: Floats) -> "RawQuotes":
        """The same rows with some columns replaced."""
        return self._replace(fields=self.fields | fields)
