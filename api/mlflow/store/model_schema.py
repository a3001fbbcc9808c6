"""The tables of LoggedModels, registered models, files and traces, in the dialects of schema.py."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS ml_registered (
  namespace TEXT NOT NULL, name TEXT NOT NULL, created_ms BIGINT NOT NULL, updated_ms BIGINT NOT NULL,
  description TEXT, tags TEXT NOT NULL, aliases TEXT NOT NULL, PRIMARY KEY (namespace, name)){flat};
CREATE TABLE IF NOT EXISTS ml_version (
  namespace TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL, description TEXT, stage TEXT NOT NULL, source TEXT NOT NULL, storage TEXT NOT NULL,
  run_id TEXT, run_link TEXT, model_id TEXT, artifact BIGINT, tags TEXT NOT NULL,
  PRIMARY KEY (namespace, name, version)){flat};
CREATE INDEX IF NOT EXISTS ml_version_run ON ml_version (run_id);
CREATE TABLE IF NOT EXISTS ml_logged_model (
  id TEXT PRIMARY KEY, experiment BIGINT NOT NULL, name TEXT NOT NULL, location TEXT NOT NULL,
  created_ms BIGINT NOT NULL, updated_ms BIGINT NOT NULL, status TEXT NOT NULL, model_type TEXT,
  source_run_id TEXT, lifecycle TEXT NOT NULL, params TEXT NOT NULL, tags TEXT NOT NULL,
  told INTEGER NOT NULL DEFAULT 0){flat};
CREATE INDEX IF NOT EXISTS ml_logged_model_of ON ml_logged_model (experiment, created_ms);
CREATE TABLE IF NOT EXISTS ml_file (
  folder TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, size_bytes BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL, told INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (folder, name)){flat};
CREATE TABLE IF NOT EXISTS ml_folder (
  parent TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (parent, name)){flat};
CREATE TABLE IF NOT EXISTS ml_trace (
  id TEXT PRIMARY KEY, experiment BIGINT NOT NULL, time_ms BIGINT NOT NULL, info TEXT NOT NULL){flat};
CREATE INDEX IF NOT EXISTS ml_trace_of ON ml_trace (experiment, time_ms)
"""
