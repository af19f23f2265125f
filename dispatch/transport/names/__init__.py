"""Where requests to a URI go (RFC 3263): what is asked, what the answers mean, who is asked, and what is remembered."""
