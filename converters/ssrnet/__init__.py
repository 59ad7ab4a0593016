"""SSR-Net (Yang et al., IJCAI 2018): three published forms of its weights → one network."""
