#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! How are the findings of an analysis told?

mod run_info;

pub use run_info::{CaptureInfo, RUN_SCHEMA, RunInfo, RunInfoError, RunOptions, StepInfo, WireInfo};
