"""Spark without a jar: a listener in Python that tells what each query read and wrote.

Imports nothing but Python's own library and py4j, which comes with pyspark: it runs in the environment of the job.
"""
