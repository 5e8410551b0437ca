"""Pages that cross chapters: homes, public pages, dashboards; and the design system."""
