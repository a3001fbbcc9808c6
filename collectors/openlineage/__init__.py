"""OpenLineage: events of runs, jobs and datasets become executions, contexts and artifacts.

``event`` reads what was sent, ``merge`` joins what several events say of one thing, ``sayings`` tells it to the record
in its own words, ``inbox`` takes deliveries, ``columns`` follows columns. Source: OpenLineage 2.0.2.
"""
