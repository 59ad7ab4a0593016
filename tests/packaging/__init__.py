"""What `make deb` makes, as dpkg and lintian read it."""
