"""Several machines as one broker, set up by the playbook alone."""
