#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! How are the findings of an analysis told?
//!
//! A [`Report`] is made once from an analysis, the run.json where there is one, and the frames where they were kept.
//! Everything that is computed is computed there. The [`forms`] only show it: [`text`] in a terminal, [`markdown`], [`csv`],
//! [`json`], the HTML page. [`dump`] and [`list`] are for single captures, [`compare`] for two reports. All forms show the
//! same tables.

mod bytes;
pub mod clients;
pub mod compare;
pub mod csv;
pub mod dump;
pub mod fields;
pub mod findings;
pub mod forms;
pub mod found;
mod groups;
pub mod header_cuts;
pub mod html;
pub mod json;
pub mod list;
mod lookup;
pub mod markdown;
pub mod numbers;
mod packet_protocol;
pub mod provenance;
pub mod published;
mod remarks;
mod render;
mod report;
mod run_info;
mod spoken_frames;
pub mod tables;
mod templates;
pub mod text;
pub mod times;
pub mod transcript;

#[cfg(test)]
mod forms_tests;
#[cfg(test)]
mod sample;

pub use bytes::{CaptureBytes, FrameBytes};
pub use compare::Comparison;
pub use findings::ReportFinding;
pub use groups::exchange_names;
pub use packet_protocol::PacketProtocol;
pub use remarks::Remarks;
pub use report::Report;
pub use run_info::{
    AnswerWrites, CaptureInfo, DownTime, ImpairedBy, ImpairedFrame, ImpairedSegment, Impairment, LinkEnd, RUN_SCHEMA,
    RunInfo, RunInfoError, RunOptions, StampedAt, StepInfo, WireInfo, WireMake,
};
pub use templates::{TemplateError, Templates};
