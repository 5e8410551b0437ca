"""From GPU samples and job records to hourly use per allocation, and to what lay idle. Numbers only: no Django."""
