"""The machine underneath: service manager, temperature and memory, units, the rate governor."""
