"""Workstation side: published weights to proven model bundles."""
