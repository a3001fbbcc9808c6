"""Prometheus metrics of one server, in a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from clew.api.service import Services

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PATHS = ("/", "/graphql", "/healthz", "/readyz", "/metrics")
"""Paths counted under their own name; the rest share one, so that strangers cannot grow the registry."""


class Metrics:
    """Counters that requests move, gauges that a scrape reads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "clew_http_requests",
            "HTTP requests by path, method and status.",
            ("path", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "clew_http_request_seconds",
            "Time from a request's arrival to the end of its answer.",
            ("path",),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.operations = Counter(
            "clew_graphql_operations",
            "GraphQL operations by kind and whether they went well.",
            ("kind", "outcome"),
            registry=self.registry,
        )
        self.errors = Counter("clew_errors", "Errors told to clients, by code.", ("code",), registry=self.registry)
        self.subscriptions = Gauge("clew_graphql_subscriptions", "Subscriptions that are open.", registry=self.registry)
        self.record_seq = Gauge("clew_record_seq", "Position of the last committed change.", registry=self.registry)
        self.engine_seq = Gauge(
            "clew_engine_seq", "The change up to which the graph engine reflects the record.", registry=self.registry
        )
        self.engine_lag = Gauge(
            "clew_engine_lag_changes",
            "Committed changes the graph engine does not reflect yet.",
            registry=self.registry,
        )

    def finished(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count one HTTP request."""
        name = path if path in PATHS else "other"
        self.requests.labels(name, method if method in ("GET", "POST", "HEAD", "OPTIONS") else "other", status).inc()
        self.seconds.labels(name).observe(seconds)

    def operated(self, kind: str, codes: list[str]) -> None:
        """Count one GraphQL operation."""
        self.operations.labels(kind or "refused", "error" if codes else "ok").inc()
        for code in codes:
            self.errors.labels(code).inc()

    def scrape(self, services: Services) -> bytes:
        """Everything in Prometheus's text format. Reads the record's ``seq``: call it in a worker thread."""
        seq = int(services.record.seq())
        self.record_seq.set(seq)
        engine_seq = services.engine_seq()
        if engine_seq is not None:
            self.engine_seq.set(engine_seq)
            self.engine_lag.set(max(0, seq - engine_seq))
        return generate_latest(self.registry)
