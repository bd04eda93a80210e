//! WHAT THE LEARNER DID: the log, the timeline, branches, links.
