"""Applications and their sealed versions (신청)."""
