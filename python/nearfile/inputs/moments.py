"""Dates and datetimes of Python and pandas, exactly."""

from __future__ import annotations

import datetime

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def moment(value: datetime.date) -> tuple[int, int]:
    """Seconds and nanoseconds since 1970 of a datetime, also of pandas, which has nanoseconds, or of a date's midnight."""
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    nanoseconds = value.microsecond * 1000 + getattr(value, "nanosecond", 0)
    plain = datetime.datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, tzinfo=datetime.timezone.utc
    )
    behind = value.utcoffset() or datetime.timedelta()
    since = plain - _EPOCH - behind
    # An offset may have parts of a second.
    nanoseconds += since.microseconds * 1000
    return since.days * 86400 + since.seconds + nanoseconds // 10**9, nanoseconds % 10**9
