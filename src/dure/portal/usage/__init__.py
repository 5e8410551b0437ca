"""Usage windows received, and hours read from Parquet (사용량)."""
