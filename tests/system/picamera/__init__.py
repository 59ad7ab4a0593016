"""The real Picamera2, on libcamera's virtual camera."""
