//! The kubelets: pods walk through their real phases.

/// A kubelet's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KubeletEvent {}

/// Delays of the page's node side, in milliseconds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timings {}
