"""The programme file: everything a ministry decides, as data. Schema, loading and checking; pure."""
