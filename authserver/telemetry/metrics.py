"""Counts for Prometheus: requests by route, events by name, mails by sender and result.

With several worker processes `PROMETHEUS_MULTIPROC_DIR` names a folder in which each keeps its
counts as files; whichever is asked adds them up. Without it a process counts for itself. The
parent process makes the folder anew at each start and puts its name into the environment of its
workers, because the library reads it from there when it is imported. Counts of a worker that
died stay in the folder, so that sums never fall.
"""

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from authserver.domain.delivery_reports import DeliveryStatus
from authserver.domain.mail_quota import MailQuota
from authserver.domain.outgoing_mail import Attempt

# What else a stranger calls a method must not make a series of its own.
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD: Final = "other"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The counters of this process; labels are templates and names, never addresses."""

    def __init__(self, shared_folder: str | None = None) -> None:
        self._shared_folder = shared_folder
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "authserver_requests",
            "Requests answered",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._durations = Histogram(
            "authserver_request_seconds",
            "Time to answer a request",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._events = Counter(
            "authserver_events", "Events of the audit log", ("event",), registry=self._registry
        )
        self._attempts = Counter(
            "authserver_mail_attempts",
            "Attempts to hand a mail over",
            ("sender", "result"),
            registry=self._registry,
        )

        self._deliveries = Counter(
            "authserver_mail_deliveries",
            "Reports of providers on mails that they took",
            ("status",),
            registry=self._registry,
        )
        self._quota = Gauge(
            "authserver_mail_quota",
            "Mails that the provider allows in a day, and how many of them are left",
            ("which",),
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )

    def observe_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request under its route template."""
        method = method if method in METHODS else OTHER_METHOD
        self._requests.labels(route, method, str(status)).inc()
        self._durations.labels(route).observe(seconds)

    def count_event(self, name: str) -> None:
        """Count one event once it is durable."""
        self._events.labels(name).inc()

    def count_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Count what was tried for one mail."""
        for attempt in attempts:
            self._attempts.labels(attempt.sender, attempt.outcome.result).inc()

    def count_delivery(self, status: DeliveryStatus) -> None:
        """Count one report on a mail."""
        self._deliveries.labels(status).inc()

    def show_quota(self, quota: MailQuota) -> None:
        """Show what the provider allows in a day."""
        self._quota.labels("daily").set(quota.account.daily_quota)
        self._quota.labels("left").set(quota.left)

    def render(self) -> tuple[bytes, str]:
        """Return all counts and their media type."""
        registry = self._registry
        if self._shared_folder is not None:
            registry = CollectorRegistry()
            folder = self._shared_folder
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # has no types
        return generate_latest(registry), CONTENT_TYPE_LATEST
