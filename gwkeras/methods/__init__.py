"""Every way to downscale, behind one interface."""
