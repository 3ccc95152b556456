"""The officer's desk: server-rendered pages behind a login."""
