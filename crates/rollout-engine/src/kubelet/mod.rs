//! The kubelets: pods walk through their real phases.

pub mod backoff;
pub mod container_status;
pub mod image_manager;
pub mod pod_actions;
pub mod prober;
pub mod status;

/// A kubelet's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KubeletEvent {}

/// Delays of the page's node side, in milliseconds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timings {}
