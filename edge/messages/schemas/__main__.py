"""`python -m edge.messages.schemas`: write the schema files anew."""

from edge.messages.schemas import write

write()
