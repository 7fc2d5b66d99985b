//! A GitHub to run against.
