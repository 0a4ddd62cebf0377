"""The API of this server, for services with an access token; faults are problem documents."""
