"""Raw window → what may be told of it: folding under k, noise, correction for errors."""
