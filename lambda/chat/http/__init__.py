"""HTTP/1.1 as this function needs it of servers: one URL posted to, the response read while it comes."""
