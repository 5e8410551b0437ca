"""Personal data: what is held of a person, and erasing it while the statistics stay."""
