"""Every file made is opened again, in its own process, on both TFLite runtimes."""
