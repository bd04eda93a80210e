//! WHAT HAPPENS: the cluster as a pure state machine on a virtual clock.
