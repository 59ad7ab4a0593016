"""Networks of other projects, in the formats they are published in → bundles of ours."""
