"""The daemon: a table of jobs on APScheduler; the only place that knows *when*."""
