"""What this function asks of AWS itself, without an SDK: importing one would double the cold start."""
