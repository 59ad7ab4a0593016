"""Both services of one machine that really booted, looked at from several sides."""
