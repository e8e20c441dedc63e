"""Single searches over HTTP: how many a second, how late, at which cost, and what workers share."""
