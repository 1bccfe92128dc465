//! Logs, traces and metrics for operators.
