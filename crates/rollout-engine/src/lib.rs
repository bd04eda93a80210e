//! WHAT HAPPENS: the cluster as a pure state machine on a virtual clock.
//!
//! Actions and time go in, [`StepRecord`]s come out. No wall clock, no I/O, no wasm; the same start, seed and actions
//! give the same history everywhere.

pub mod apiserver;
pub mod autoscaling;
mod bootstrap;
pub mod client;
pub mod components;
pub mod config;
pub mod controllers;
pub mod decision;
pub mod downward;
mod engine;
pub mod events;
pub mod faults;
pub mod files;
pub mod images;
pub mod kubelet;
pub mod limits;
pub mod logs;
pub mod metrics;
pub mod pod_condition;
pub mod queue;
pub mod rng;
pub mod scheduler;
pub mod scripted;
pub mod sim_event;
pub mod step;
pub mod store;
pub mod time;
pub mod traffic;
pub mod volumes;
pub mod world;

pub use client::Client;
pub use config::{ClusterConfig, NodeSide, NodeSpec};
pub use decision::Decision;
pub use engine::Engine;
pub use rollout_api::views::Object;
pub use sim_event::SimEvent;
pub use step::{Cause, Change, StepRecord};
pub use store::Store;
pub use time::{Millis, SimTime};
pub use world::World;
