"""The account as a fold of what happened: events, their state, how terminal updates are booked, and the journal."""
