"""The portal: one Django app per chapter of the story, loops beside them, pages that cross chapters in `site`."""
