"""`python -m edge.schemas`: write the schema files anew."""

from edge.schemas import write

write()
