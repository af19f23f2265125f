"""What a route is allowed to say: the request as a routing script sees it."""
