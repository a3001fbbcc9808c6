"""Spark: a script of pyspark, run on this machine and recorded with what it reads and writes."""
