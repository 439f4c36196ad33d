"""The decision service: terminals on one side of a ZeroMQ ROUTER, one engine and one account for each of them."""
